//! The policies that come with the platform.

use super::{Effect, Pattern, Patterns, Statement};

/// What a statement allows: actions on resources.
type Allowed = (&'static [&'static str], &'static [&'static str]);

/// The system policies that grant something here, by their pages in RAM's reference. What their documents say of other
/// services is left out.
const POLICIES: [(&str, &[Allowed]); 9] = [
    ("AdministratorAccess", &[(&["*"], ALL)]),
    ("AliyunSAEFullAccess", &[(&["sae:*"], ALL)]),
    // Version 3, by which readers may also read the values of secrets.
    (
        "AliyunSAEReadOnlyAccess",
        &[(
            &[
                "sae:Get*",
                "sae:List*",
                "sae:Query*",
                "sae:Describe*",
                "sae:CheckInDebt",
                "sae:CheckApplication*",
            ],
            ALL,
        )],
    ),
    // Version 3.
    ("AliyunKMSFullAccess", &[(&["kms:*"], ALL)]),
    // Version 3, by which readers may not read the values of secrets.
    (
        "AliyunKMSReadOnlyAccess",
        &[(
            &[
                "kms:List*",
                "kms:Describe*",
                "kms:GetPublicKey",
                "kms:GetUploadBackupDataInfo",
                "kms:GetKmsInstanceSharedAccounts",
                "kms:GetKmsInstanceQuotaInfos",
                "kms:GetCheckAssociateResourceTaskResults",
                "kms:GetKeyPolicy",
                "kms:GetKeyDefaultPolicy",
                "kms:GetSecretPolicy",
                "kms:GetSecretDefaultPolicy",
                "kms:GetKmsInstance",
                "kms:GetDefaultKmsInstance",
            ],
            ALL,
        )],
    ),
    // Version 5.
    (
        "AliyunKMSSecretAdminAccess",
        &[(&["kms:*"], &["acs:kms:*:*:secret*"]), (&["kms:GetRandomPassword"], ALL)],
    ),
    // Version 1.
    (
        "AliyunKMSSecretUserAccess",
        &[(&["kms:GetSecretValue", "kms:DescribeSecret", "kms:ListSecretVersionIds"], ALL)],
    ),
    // Version 2.
    ("AliyunKMSCryptoAdminAccess", &[(&["kms:*"], &["acs:kms:*:*:key*", "acs:kms:*:*:alias*"])]),
    // Version 2.
    (
        "AliyunKMSCryptoUserAccess",
        &[(
            &[
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:AsymmetricDecrypt",
                "kms:AsymmetricEncrypt",
                "kms:AsymmetricSign",
                "kms:AsymmetricVerify",
                "kms:GetPublicKey",
                "kms:GenerateMac",
                "kms:VerifyMac",
            ],
            ALL,
        )],
    ),
];

/// Every resource.
const ALL: &[&str] = &["*"];

/// What the names of policies of services begin with that are emulated: one that is not known is a mistake.
const EMULATED: [&str; 2] = ["AliyunSAE", "AliyunKMS"];

/// The names of the system policies that grant something here.
pub fn system_policies() -> impl Iterator<Item = &'static str> {
    POLICIES.iter().map(|(name, _)| *name)
}

/// The statements of the system policy of that name. Other services' are known by their form, `Aliyun…Access` or
/// `Aliyun…Policy`, and have none: they grant nothing here.
pub fn system_policy(name: &str) -> Option<Vec<Statement>> {
    let Some((_, statements)) = POLICIES.iter().find(|(known, _)| *known == name) else {
        let is_other = name.starts_with("Aliyun")
            && !EMULATED.iter().any(|beginning| name.starts_with(beginning))
            && (name.ends_with("Access") || name.ends_with("Policy"))
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return is_other.then(Vec::new);
    };
    statements.iter().map(allow).collect()
}

fn allow((actions, resources): &Allowed) -> Option<Statement> {
    let actions = actions.iter().map(|action| Pattern::action(action)).collect::<Result<_, _>>();
    let resources =
        resources.iter().map(|known| Pattern::resource(known)).collect::<Result<_, _>>();
    Some(Statement {
        effect: Effect::Allow,
        actions: Patterns::These(actions.ok()?),
        resources: Patterns::These(resources.ok()?),
        conditions: Vec::new(),
    })
}
