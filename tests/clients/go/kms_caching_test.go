package clients

// The caching client, which speaks HTTPS alone and takes any certificate. The classic SDK changes what it reads.

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	caching "github.com/aliyun/aliyun-secretsmanager-client-go/sdk"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/models"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/service"
)

func TestKmsCaching(t *testing.T) {
	way := classicKms(classicOptions{"POST", "JSON", "https"})
	dev, odd := way.as("dev"), kms.Texts["odd"]
	// Runs the body with a secret of its own.
	secret := func(title string, members object, body func(t *testing.T, name string)) {
		it(t, title, func(t *testing.T) {
			name := fmt.Sprintf("t%d/cached", serial.Add(1))
			members := with(object{"SecretName": name, "VersionId": "v1", "SecretData": odd}, members)
			dev.call(t, "create", "CreateSecret", members)
			body(t, name)
			dev.remove(t, name)
		})
	}
	put := func(t *testing.T, name string) {
		dev.call(t, "put", "PutSecretValue", object{"SecretName": name, "VersionId": "v2", "SecretData": "second"})
	}

	secret("a value is kept until it is to be fresh", object{}, func(t *testing.T, name string) {
		cache := newCache(t, "dev", "")
		assertCached(t, cache, name, "v1", odd)
		put(t, name)
		assertCached(t, cache, name, "v1", odd)
		assertEqual(t, true, must(cache.RefreshNow(name)))
		assertCached(t, cache, name, "v2", "second")
	})

	secret("another stage, by a temporary key", object{}, func(t *testing.T, name string) {
		put(t, name)
		assertCached(t, newCache(t, "session", "ACSPrevious"), name, "v1", odd)
	})

	binary := object{"SecretData": "/w==", "SecretDataType": "binary"}
	secret("binary data", binary, func(t *testing.T, name string) {
		assertEqual(t, "/w==", string(must(newCache(t, "dev", "").GetBinaryValue(name))))
	})

	rotated := with(kmsRds, object{"EnableAutomaticRotation": true, "RotationInterval": "7d"})
	secret("a managed secret", rotated, func(t *testing.T, name string) {
		told := must(newCache(t, "dev", "").GetSecretInfo(name))
		assertLike(t, "told", object{
			"secretType": "Rds", "automaticRotation": "Enabled", "rotationInterval": "604800s",
			"nextRotationDate": "<time +604800>", "secretValue": object{"$json": object{"AccountName": "app"}},
			"extendedConfig": object{"$json": object{"DBInstanceId": "rm-fake00000000000001"}},
		}, told)
	})

	secret("a secret that is being deleted", object{}, func(t *testing.T, name string) {
		dev.call(t, "delete", "DeleteSecret", object{"SecretName": name})
		assertNotCached(t, "dev", name, "Rejected.ResourceInDeleteWindow")
	})

	for _, each := range [][3]string{
		{"dev", "absent", "Forbidden.ResourceNotFound"},
		{"dev", "a b", "InvalidParameter"},
		{"forger", "absent", "SignatureDoesNotMatch"},
		{"stranger", "absent", "InvalidAccessKeyId.NotFound"},
		{"retired", "absent", "Forbidden.AccessKey"},
	} {
		it(t, each[2], func(t *testing.T) { assertNotCached(t, each[0], each[1], each[2]) })
	}
}

func newCache(t *testing.T, caller, stage string) *caching.SecretManagerCacheClient {
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
	cache := must(builder.Build())
	t.Cleanup(func() { _ = cache.Close() })
	return cache
}

func assertCached(t *testing.T, cache *caching.SecretManagerCacheClient, name, version, value string) {
	t.Helper()
	told := must(cache.GetSecretInfo(name))
	assertLike(t, "told", object{
		"secretName": name, "versionId": version, "secretValue": value, "secretType": "Generic", "secretDataType": "text",
		"createTime": "<time>", "automaticRotation": "", "extendedConfig": "",
	}, told)
}

func assertNotCached(t *testing.T, caller, name, code string) {
	t.Helper()
	_, err := newCache(t, caller, "").GetSecretInfo(name)
	var thrown *sdkerrors.ServerError
	if !errors.As(err, &thrown) {
		t.Fatalf("not an error of the server: %v", err)
	}
	assertEqual(t, code, thrown.ErrorCode())
	assertEqual(t, kms.Statuses[code], thrown.HttpStatus())
	assertMatches(t, kmsRequestID, thrown.RequestId())
}

type silent struct{}

func (silent) Flush()                {}
func (silent) Tracef(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
