package clients

// The caching client, which speaks HTTPS alone and takes any certificate.

import (
	"errors"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	caching "github.com/aliyun/aliyun-secretsmanager-client-go/sdk"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/models"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/service"
)

func TestKmsCaching(t *testing.T) {
	dev := kmsWay{signing: "rpc", connect: connectClassicKms("POST", "JSON", "https")}.as("dev")
	name := newSecretName()
	named := object{"SecretName": name}

	it(t, "a value is kept until it is to be fresh", func(t *testing.T) {
		client := cache(t, "dev", "")
		dev.call(t, "CreateSecret", kmsSecret(name, "v1", "first & <x>\r\n密钥"))
		assertCached(t, client, name, "v1", "first & <x>\r\n密钥")
		dev.call(t, "PutSecretValue", kmsSecret(name, "v2", "second"))
		assertCached(t, client, name, "v1", "first & <x>\r\n密钥")
		assertEqual(t, true, must(client.RefreshNow(name)))
		assertCached(t, client, name, "v2", "second")
		// Of another stage, and by a temporary key.
		policy := toJSON(object{"Version": "1", "Statement": []object{{
			"Effect": "Allow", "Action": []string{"kms:GetSecretValue"}, "Resource": []string{"*"},
			"Principal": object{"RAM": []string{"acs:ram::" + expected.Account + ":user/reader"}},
		}}})
		dev.call(t, "SetSecretPolicy", with(named, object{"Policy": policy}))
		assertCached(t, cache(t, "session", "ACSPrevious"), name, "v1", "first & <x>\r\n密钥")
	})

	it(t, "binary data", func(t *testing.T) {
		binary := newSecretName()
		dev.call(t, "CreateSecret", with(kmsSecret(binary, "v1", "as it is"), object{"SecretDataType": "binary"}))
		assertEqual(t, "as it is", string(must(cache(t, "dev", "").GetBinaryValue(binary))))
		dev.remove(t, binary)
	})

	it(t, "a secret that KMS rotates", func(t *testing.T) {
		managed := newSecretName()
		account := `{"AccountName":"app","AccountPassword":"test-only"}`
		dev.call(t, "CreateSecret", with(kmsSecret(managed, "v1", `{"Accounts":[`+account+`]}`), object{
			"SecretType": "Rds", "EnableAutomaticRotation": true, "RotationInterval": "7d",
			"ExtendedConfig": object{"SecretSubType": "SingleUser", "DBInstanceId": "rm-test"},
		}))
		info := must(cache(t, "dev", "").GetSecretInfo(managed))
		assertEqual(t, []string{"Rds", "Enabled", "604800s"},
			[]string{info.SecretType, info.AutomaticRotation, info.RotationInterval})
		assertEqual(t, must(parse[any](account)), must(parse[any](info.SecretValue)))
		assertHas(t, object{"DBInstanceId": "rm-test"}, must(parse[object](info.ExtendedConfig)))
		dev.remove(t, managed)
	})

	dev.call(t, "DeleteSecret", named)
	for title, each := range map[string]struct{ caller, name, code string }{
		"no such secret":  {"dev", "absent", resourceNotFoundStop.code},
		"being deleted":   {"dev", name, inPeroid.code},
		"a wrong secret":  {"forger", name, "SignatureDoesNotMatch"},
		"an unknown key":  {"stranger", name, "InvalidAccessKeyId.NotFound"},
		"a disabled key":  {"retired", name, "Forbidden.AccessKey"},
		"a name too long": {"dev", strings.Repeat("x", 193), "InvalidParameter"},
	} {
		it(t, "refused: "+title, func(t *testing.T) {
			_, err := cache(t, each.caller, "").GetSecretInfo(each.name)
			var thrown *sdkerrors.ServerError
			if !errors.As(err, &thrown) {
				t.Fatalf("not an error of the server: %v", err)
			}
			assertEqual(t, each.code, thrown.ErrorCode())
		})
	}
	dev.remove(t, name)
}

func cache(t *testing.T, caller, stage string) *caching.SecretManagerCacheClient {
	t.Helper()
	keys := expected.Callers[caller]["secret"]
	var credential auth.Credential = credentials.NewAccessKeyCredential(keys.ID, keys.Secret)
	if keys.Token != "" {
		credential = credentials.NewStsTokenCredential(keys.ID, keys.Secret, keys.Token)
	}
	manager := service.NewDefaultSecretManagerClientBuilder().Standard().
		WithCredentials(credential).AddRegionInfo(&models.RegionInfo{RegionId: region, Endpoint: server}).Build()
	builder := caching.NewSecretCacheClientBuilder(manager).WithLogger(silent{})
	if stage != "" {
		builder.WithCacheStage(stage)
	}
	client := must(builder.Build())
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func assertCached(t *testing.T, client *caching.SecretManagerCacheClient, name, version, value string) {
	t.Helper()
	info := must(client.GetSecretInfo(name))
	assertEqual(t, []string{name, version, value}, []string{info.SecretName, info.VersionId, info.SecretValue})
	assertMatches(t, kmsTime, info.CreateTime)
}

type silent struct{}

func (silent) Flush()                {}
func (silent) Tracef(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
