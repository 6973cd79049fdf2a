package clients

// The ways of calling KMS: the SDK that is generated today, with both of its signatures; the classic one by POST and by
// GET, with replies in JSON and in XML; and the core below Terraform's provider, which has no models.

import (
	"encoding/json"
	"encoding/xml"
	"reflect"
	"testing"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	kmssdk "github.com/alibabacloud-go/kms-20160120/v3/client"
	rpc "github.com/alibabacloud-go/tea-rpc/client"
	rpcutil "github.com/alibabacloud-go/tea-utils/service"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	classickms "github.com/aliyun/alibaba-cloud-sdk-go/services/kms"
)

const kmsVersion = "2016-01-20"

func TestKms(t *testing.T) {
	for title, way := range map[string]kmsWay{
		"openapi":                {signing: "acs3", connect: connectOpenapiKms("")},
		"openapi, RPC signature": {signing: "rpc", connect: connectOpenapiKms("v2")},
		"classic":                {signing: "rpc", connect: connectClassicKms("POST", "JSON", "http")},
		"classic, GET":           {signing: "rpc", gets: true, connect: connectClassicKms("GET", "JSON", "http")},
		"classic, XML":           {signing: "rpc", connect: connectClassicKms("POST", "XML", "http")},
		"tea-rpc":                {signing: "rpc", untyped: true, connect: connectRPC},
	} {
		t.Run(title, func(t *testing.T) { kmsScenarios(t, way) })
	}
}

// --- the SDK that is generated today

type openapiKms struct{ sdk *kmssdk.Client }

func connectOpenapiKms(algorithm string) func(keys) kmsClient {
	return func(keys keys) kmsClient {
		config := &openapiutil.Config{
			AccessKeyId:     tea.String(keys.ID),
			AccessKeySecret: tea.String(keys.Secret),
			Endpoint:        tea.String(server),
			Protocol:        tea.String("HTTP"),
			RegionId:        tea.String(region),
		}
		if keys.Token != "" {
			config.SecurityToken = tea.String(keys.Token)
			config.Type = tea.String("sts")
		}
		if algorithm != "" {
			config.SignatureAlgorithm = tea.String(algorithm)
		}
		return openapiKms{must(kmssdk.NewClient(config))}
	}
}

func (c openapiKms) call(operation string, parameters object) (object, error) {
	method := reflect.ValueOf(c.sdk).MethodByName(operation + "WithOptions")
	request := reflect.New(method.Type().In(0).Elem())
	// Its models' fields have the wire's names and types.
	if err := json.Unmarshal([]byte(toJSON(parameters)), request.Interface()); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{request, reflect.ValueOf(&util.RuntimeOptions{})})
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	return plain(results[0].Elem().FieldByName("Body").Interface()).(object), nil
}

func (c openapiKms) failure(t *testing.T, err error) failure { return teaFailure(t, err) }

// --- the classic SDK

type classicKms struct {
	sdk                    *classickms.Client
	method, format, scheme string
}

func connectClassicKms(method, format, scheme string) func(keys) kmsClient {
	return func(keys keys) kmsClient {
		sdk, err := classickms.NewClientWithAccessKey(region, keys.ID, keys.Secret)
		if keys.Token != "" {
			sdk, err = classickms.NewClientWithStsToken(region, keys.ID, keys.Secret, keys.Token)
		}
		must(sdk, err).Domain = server
		sdk.SetHTTPSInsecure(scheme == "https")
		return classicKms{sdk, method, format, scheme}
	}
}

func (c classicKms) call(operation string, parameters object) (object, error) {
	texts := object{}
	for name, value := range parameters {
		_, isList := value.([]any)
		custom, isConfig := value.(object)
		switch {
		case isList:
			texts[name] = value
		case isConfig && operation == "UpdateSecret":
			texts["ExtendedConfigCustomData"] = asText(custom["CustomData"])
		default:
			texts[name] = asText(value)
		}
	}
	request := classicRequests[operation]()
	if err := json.Unmarshal([]byte(toJSON(texts)), request); err != nil {
		return nil, err
	}
	fields := reflect.ValueOf(request).Elem()
	fields.FieldByName("Method").SetString(c.method)
	fields.FieldByName("AcceptFormat").SetString(c.format)
	fields.FieldByName("Scheme").SetString(c.scheme)
	results := reflect.ValueOf(c.sdk).MethodByName(operation).Call([]reflect.Value{reflect.ValueOf(request)})
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	return plain(results[0].Interface().(responses.AcsResponse)).(object), nil
}

func (c classicKms) failure(t *testing.T, err error) failure {
	t.Helper()
	told, content := failureOf(t, err)
	if c.format == "JSON" {
		return told
	}
	// In XML it keeps the whole text as its message, and nothing else.
	var reply struct {
		XMLName                  xml.Name `xml:"KMS"`
		RequestId, Code, Message string
		HttpStatus               int
	}
	if err := xml.Unmarshal([]byte(content), &reply); err != nil {
		t.Fatalf("%v in %s", err, content)
	}
	assertEqual(t, told.status, reply.HttpStatus)
	return failure{code: reply.Code, status: told.status, message: reply.Message, requestID: reply.RequestId}
}

var classicRequests = map[string]func() requests.AcsRequest{
	"CancelKeyDeletion":          func() requests.AcsRequest { return classickms.CreateCancelKeyDeletionRequest() },
	"CreateAlias":                func() requests.AcsRequest { return classickms.CreateCreateAliasRequest() },
	"CreateKey":                  func() requests.AcsRequest { return classickms.CreateCreateKeyRequest() },
	"CreateSecret":               func() requests.AcsRequest { return classickms.CreateCreateSecretRequest() },
	"Decrypt":                    func() requests.AcsRequest { return classickms.CreateDecryptRequest() },
	"DeleteAlias":                func() requests.AcsRequest { return classickms.CreateDeleteAliasRequest() },
	"DeleteSecret":               func() requests.AcsRequest { return classickms.CreateDeleteSecretRequest() },
	"DescribeKey":                func() requests.AcsRequest { return classickms.CreateDescribeKeyRequest() },
	"DescribeSecret":             func() requests.AcsRequest { return classickms.CreateDescribeSecretRequest() },
	"DisableKey":                 func() requests.AcsRequest { return classickms.CreateDisableKeyRequest() },
	"EnableKey":                  func() requests.AcsRequest { return classickms.CreateEnableKeyRequest() },
	"Encrypt":                    func() requests.AcsRequest { return classickms.CreateEncryptRequest() },
	"GenerateDataKey":            func() requests.AcsRequest { return classickms.CreateGenerateDataKeyRequest() },
	"GetRandomPassword":          func() requests.AcsRequest { return classickms.CreateGetRandomPasswordRequest() },
	"GetSecretPolicy":            func() requests.AcsRequest { return classickms.CreateGetSecretPolicyRequest() },
	"GetSecretValue":             func() requests.AcsRequest { return classickms.CreateGetSecretValueRequest() },
	"ListAliasesByKeyId":         func() requests.AcsRequest { return classickms.CreateListAliasesByKeyIdRequest() },
	"ListResourceTags":           func() requests.AcsRequest { return classickms.CreateListResourceTagsRequest() },
	"ListSecretVersionIds":       func() requests.AcsRequest { return classickms.CreateListSecretVersionIdsRequest() },
	"ListSecrets":                func() requests.AcsRequest { return classickms.CreateListSecretsRequest() },
	"ListTagResources":           func() requests.AcsRequest { return classickms.CreateListTagResourcesRequest() },
	"PutSecretValue":             func() requests.AcsRequest { return classickms.CreatePutSecretValueRequest() },
	"RestoreSecret":              func() requests.AcsRequest { return classickms.CreateRestoreSecretRequest() },
	"RotateSecret":               func() requests.AcsRequest { return classickms.CreateRotateSecretRequest() },
	"ScheduleKeyDeletion":        func() requests.AcsRequest { return classickms.CreateScheduleKeyDeletionRequest() },
	"SetSecretPolicy":            func() requests.AcsRequest { return classickms.CreateSetSecretPolicyRequest() },
	"TagResource":                func() requests.AcsRequest { return classickms.CreateTagResourceRequest() },
	"TagResources":               func() requests.AcsRequest { return classickms.CreateTagResourcesRequest() },
	"UntagResource":              func() requests.AcsRequest { return classickms.CreateUntagResourceRequest() },
	"UntagResources":             func() requests.AcsRequest { return classickms.CreateUntagResourcesRequest() },
	"UpdateKeyDescription":       func() requests.AcsRequest { return classickms.CreateUpdateKeyDescriptionRequest() },
	"UpdateSecret":               func() requests.AcsRequest { return classickms.CreateUpdateSecretRequest() },
	"UpdateSecretRotationPolicy": func() requests.AcsRequest { return classickms.CreateUpdateSecretRotationPolicyRequest() },
	"UpdateSecretVersionStage":   func() requests.AcsRequest { return classickms.CreateUpdateSecretVersionStageRequest() },
}

// --- the core below Terraform's provider

type rpcKms struct{ core *rpc.Client }

func connectRPC(keys keys) kmsClient {
	return rpcKms{must(rpc.NewClient(&rpc.Config{
		AccessKeyId:     tea.String(keys.ID),
		AccessKeySecret: tea.String(keys.Secret),
		SecurityToken:   tea.String(keys.Token),
		Endpoint:        tea.String(server),
		Protocol:        tea.String("HTTP"),
		RegionId:        tea.String(region),
	}))}
}

func (c rpcKms) call(operation string, parameters object) (object, error) {
	body := map[string]any{}
	for name, value := range parameters {
		custom, isConfig := value.(object)
		switch {
		case isConfig && operation == "UpdateSecret":
			body["ExtendedConfig.CustomData"] = asText(custom["CustomData"])
		case isConfig:
			body[name] = asText(value)
		default:
			body[name] = value
		}
	}
	reply, err := c.core.DoRequest(tea.String(operation), nil, tea.String("POST"), tea.String(kmsVersion),
		tea.String("AK"), nil, body, &rpcutil.RuntimeOptions{Autoretry: tea.Bool(true)})
	if err != nil {
		return nil, err
	}
	return plain(reply).(object), nil
}

func (c rpcKms) failure(t *testing.T, err error) failure { return teaFailure(t, err) }
