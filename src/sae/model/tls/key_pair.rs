//! Whether a private key belongs to a certificate. The rules are those of Go's `crypto/tls`, `crypto/x509` and `crypto/rsa`.

use p224::{
    NistP224,
    elliptic_curve::{
        AffinePoint, CurveArithmetic, FieldBytesSize, SecretKey,
        point::PointCompression,
        sec1::{FromSec1Point, ModulusSize, ToSec1Point},
    },
};
use p521::{
    NistP521,
    pkcs8::{
        AlgorithmIdentifierRef, ObjectIdentifier,
        der::{
            AnyRef, Decode, Tag, TagNumber, Tagged,
            asn1::{OctetStringRef, UintRef},
        },
    },
};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    },
};
use x509_parser::{
    num_bigint::BigUint, public_key::PublicKey as Parsed, x509::SubjectPublicKeyInfo,
};
use zeroize::Zeroizing;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

const FOREIGN: &str = "the private key does not belong to the certificate in tls.crt";
const MALFORMED: &str = "the private key is not in PKCS#8, PKCS#1 or SEC1";

/// The longest RSA modulus, in bits; its arithmetic takes milliseconds. Source: OpenSSL, `OPENSSL_RSA_MAX_MODULUS_BITS`.
const RSA_BITS_MAX: u64 = 16_384;

/// The elements of a sequence in DER. As in Go, unknown ones may follow.
type Fields<'a> = Vec<AnyRef<'a>>;

/// The public key of a certificate.
pub(super) enum PublicKey<'a> {
    /// Modulus and exponent.
    Rsa(BigUint, u32),
    /// A curve and an uncompressed point on it.
    Ec(Curve, &'a [u8]),
    Ed25519(&'a [u8]),
}

/// The curves that are known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    /// The curve of this object identifier. Source: RFC 5480, section 2.1.1.1.
    fn of(oid: &str) -> Option<Self> {
        match oid {
            "1.3.132.0.33" => Some(Self::P224),
            "1.2.840.10045.3.1.7" => Some(Self::P256),
            "1.3.132.0.34" => Some(Self::P384),
            "1.3.132.0.35" => Some(Self::P521),
            _ => None,
        }
    }

    /// Checks that `scalar` times the base point is `point`.
    fn check(self, scalar: &[u8], point: &[u8]) -> Result<(), &'static str> {
        let size = match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        };
        // Some programs write the number shorter or longer than RFC 5915 says.
        let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
        let digits = scalar.get(zeros..).unwrap_or_default();
        let mut padded = Zeroizing::new(vec![0; size]);
        let start = size.checked_sub(digits.len()).filter(|_| !digits.is_empty());
        let place = start.and_then(|start| padded.get_mut(start..));
        place.ok_or("the EC key's number is 0 or too long for its curve")?.copy_from_slice(digits);
        let belongs = match self {
            Self::P224 => makes::<NistP224>(&padded, point),
            Self::P256 => ring_makes(&ECDSA_P256_SHA256_ASN1_SIGNING, &padded, point),
            Self::P384 => ring_makes(&ECDSA_P384_SHA384_ASN1_SIGNING, &padded, point),
            Self::P521 => makes::<NistP521>(&padded, point),
        };
        if belongs { Ok(()) } else { Err(FOREIGN) }
    }
}

fn makes<C>(scalar: &[u8], point: &[u8]) -> bool
where
    C: CurveArithmetic + PointCompression,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    SecretKey::<C>::from_slice(scalar)
        .is_ok_and(|key| key.public_key().to_sec1_point(false).as_bytes() == point)
}

fn ring_makes(algorithm: &'static EcdsaSigningAlgorithm, scalar: &[u8], point: &[u8]) -> bool {
    let random = SystemRandom::new();
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point, &random).is_ok()
}

impl<'a> PublicKey<'a> {
    /// The public key that a certificate holds.
    ///
    /// # Errors
    /// The reason why it is none that can be used.
    pub(super) fn of(info: &'a SubjectPublicKeyInfo<'_>) -> Result<Self, &'static str> {
        const MALFORMED_RSA: &str = "the certificate's RSA key is malformed";
        let bytes = info.subject_public_key.data.as_ref();
        let parameters = info.algorithm.parameters.as_ref();
        match info.algorithm.algorithm.to_id_string().as_str() {
            RSA => {
                let Ok(Parsed::RSA(key)) = info.parsed() else { return Err(MALFORMED_RSA) };
                if parameters.is_none_or(|parameters| parameters.as_null().is_err()) {
                    return Err(MALFORMED_RSA);
                }
                let exponent = u32::try_from(BigUint::from_bytes_be(key.exponent));
                let exponent =
                    exponent.map_err(|_| "the certificate's RSA exponent is too large")?;
                Ok(Self::Rsa(BigUint::from_bytes_be(key.modulus), exponent))
            }
            EC => {
                let curve = parameters
                    .and_then(|parameters| Curve::of(&parameters.as_oid().ok()?.to_id_string()));
                let curve = curve
                    .ok_or("the certificate's curve is not P-224, P-256, P-384 or P-521 by name")?;
                if bytes.first() != Some(&4) {
                    return Err("the certificate's EC key is not an uncompressed point");
                }
                Ok(Self::Ec(curve, bytes))
            }
            ED25519 if parameters.is_none() && bytes.len() == 32 => Ok(Self::Ed25519(bytes)),
            ED25519 => Err("the certificate's Ed25519 key is malformed"),
            _ => Err("the certificate's key is not RSA, ECDSA or Ed25519"),
        }
    }

    /// Checks that the private key in `der` is this key's.
    ///
    /// # Errors
    /// The reason why it is not, or is no private key.
    pub(super) fn check_private(&self, der: &[u8]) -> Result<(), &'static str> {
        let (fields, rest) = Fields::from_der_partial(der).map_err(|_| MALFORMED)?;
        match fields.get(1).map(Tagged::tag) {
            Some(Tag::Integer) if rest.is_empty() => self.check_rsa(&fields),
            Some(Tag::Sequence) => self.check_pkcs8(&fields),
            Some(Tag::OctetString) => self.check_sec1(&fields, None),
            _ => Err(MALFORMED),
        }
    }

    /// `PrivateKeyInfo` (RFC 5208) or `OneAsymmetricKey` (RFC 5958), whose attributes and public key are ignored.
    fn check_pkcs8(&self, fields: &Fields<'_>) -> Result<(), &'static str> {
        let [version, algorithm, key, ..] = fields.as_slice() else { return Err(MALFORMED) };
        let algorithm = algorithm.decode_as::<AlgorithmIdentifierRef<'_>>();
        let key = key.decode_as::<&OctetStringRef>();
        let (Ok(algorithm), Ok(key), Tag::Integer) = (algorithm, key, version.tag()) else {
            return Err(MALFORMED);
        };
        let key = key.as_bytes();
        match algorithm.oid.to_string().as_str() {
            RSA => {
                let fields = Fields::from_der(key);
                self.check_rsa(&fields.map_err(|_| "the RSA key in PKCS#8 is not PKCS#1")?)
            }
            EC => {
                let fields = Fields::from_der_partial(key);
                let (fields, _) = fields.map_err(|_| "the EC key in PKCS#8 is not SEC1")?;
                self.check_sec1(&fields, algorithm.parameters_oid().ok())
            }
            ED25519 => {
                let seed = <&OctetStringRef>::from_der_partial(key).ok();
                let seed = seed.filter(|_| algorithm.parameters.is_none());
                let (seed, _) = seed.ok_or("the Ed25519 key is malformed")?;
                let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes())
                    .map_err(|_| "the Ed25519 key is not 32 bytes long")?;
                match self {
                    Self::Ed25519(bytes) if pair.public_key().as_ref() == *bytes => Ok(()),
                    _ => Err(FOREIGN),
                }
            }
            _ => Err("the private key is not RSA, ECDSA or Ed25519"),
        }
    }

    /// `ECPrivateKey` (RFC 5915); `outer` is the curve that the PKCS#8 around it names, and goes before the key's own.
    fn check_sec1(
        &self,
        fields: &Fields<'_>,
        outer: Option<ObjectIdentifier>,
    ) -> Result<(), &'static str> {
        const MALFORMED: &str = "the EC key is not SEC1";
        let [version, scalar, optional @ ..] = fields.as_slice() else { return Err(MALFORMED) };
        let scalar = scalar.decode_as::<&OctetStringRef>().map_err(|_| MALFORMED)?;
        if version.decode_as::<u8>() != Ok(1) {
            return Err(MALFORMED);
        }
        let own = optional.first().and_then(|field| {
            let parameters = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
            let oid = (field.tag() == parameters).then_some(field.value())?;
            ObjectIdentifier::from_der(oid).ok()
        });
        let oid = outer.or(own).ok_or("the EC key does not name its curve")?;
        let curve = Curve::of(&oid.to_string())
            .ok_or("the private key's curve is not P-224, P-256, P-384 or P-521 by name")?;
        match self {
            Self::Ec(known, point) if *known == curve => curve.check(scalar.as_bytes(), point),
            _ => Err(FOREIGN),
        }
    }

    /// `RSAPrivateKey` (RFC 8017, appendix A.1.2). Of a key with more than two primes only the public numbers are
    /// checked, as Go does.
    #[allow(clippy::many_single_char_names)] // They are the RFC's.
    fn check_rsa(&self, fields: &Fields<'_>) -> Result<(), &'static str> {
        const MALFORMED: &str = "the RSA key is not PKCS#1";
        const WRONG: &str = "the numbers of the RSA key do not belong together";
        let [version, numbers @ ..] = fields.as_slice() else { return Err(MALFORMED) };
        let numbers: Vec<_> = numbers.iter().map_while(positive).collect();
        let [n, e, d, p, q, dp, dq, qinv] = numbers.as_slice() else { return Err(MALFORMED) };
        if version.decode_as::<u8>().map_or(true, |version| version > 1) {
            return Err(MALFORMED);
        }
        if n.bits() > RSA_BITS_MAX {
            return Err("the RSA key is longer than 16,384 bits");
        }
        let exponent = u32::try_from(e).ok().filter(|e| e % 2 == 1 && (3..1 << 31).contains(e));
        let exponent = exponent.ok_or("the RSA key's public exponent is even, 1 or too large")?;
        if !n.bit(0) || d >= n {
            return Err(WRONG);
        }
        if fields.len() == 9 {
            let one = BigUint::from(1_u8);
            let sizes = *p > one && *q > one && p < n && q < n && qinv < p;
            if !sizes || p * q != *n || qinv * q % p != one {
                return Err(WRONG);
            }
            for (prime, part) in [(p, dp), (q, dq)] {
                let order = prime - 1_u8;
                if part >= &order || part * e % &order != one || d % &order != *part {
                    return Err(WRONG);
                }
            }
            let distance = if p > q { p - q } else { q - p };
            if distance.bits() + 100 <= n.bits() / 2 || d.bits() <= n.bits() / 2 {
                return Err(
                    "the RSA key is weak: its primes are close or its private exponent is small",
                );
            }
        }
        match self {
            Self::Rsa(modulus, known) if modulus == n && *known == exponent => Ok(()),
            _ => Err(FOREIGN),
        }
    }
}

fn positive(number: &AnyRef<'_>) -> Option<BigUint> {
    let number = number.decode_as::<UintRef<'_>>().ok()?;
    let number = BigUint::from_bytes_be(number.as_bytes());
    (number.bits() > 0).then_some(number)
}
