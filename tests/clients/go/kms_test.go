package clients

// The ways of calling KMS: the SDK that is generated today, with both of its signatures; the classic one by POST and by
// GET, with replies in JSON and in XML; and the core below Terraform's provider, which has no models.

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

type kmsWay struct {
	method string
	// Titles of scenarios that it cannot play.
	lacks []string
	// Whether its models do not tell what is empty from what is not there.
	blanks bool
	// Whether it can be run by another clock, which takes a transport of the test's own.
	clocks  bool
	connect func(keys, *http.Transport) kmsClient
}

type kmsClient interface {
	// Sends an operation as that SDK's users do, and returns the reply with the wire's names.
	call(operation string, parameters object) (object, error)
	// What a user can read from the error.
	failure(*testing.T, error) failure
}

type kmsCloud struct{ client kmsClient }

func (w kmsWay) as(caller string) kmsCloud {
	return kmsCloud{w.connect(expected.Callers[caller]["secret"], nil)}
}

var kmsWays = map[string]kmsWay{
	"openapi":                openapiKms(""),
	"openapi, RPC signature": openapiKms("v2"),
	"classic":                classicKms(classicOptions{"POST", "JSON", "http"}),
	"classic, GET":           classicKms(classicOptions{"GET", "JSON", "http"}),
	"classic, XML":           classicKms(classicOptions{"POST", "XML", "http"}),
	"tea-rpc":                {method: "POST", connect: connectRPC},
}

func TestKms(t *testing.T) {
	for title, way := range kmsWays {
		t.Run(title, func(t *testing.T) {
			for _, scenario := range kms.Scenarios {
				isOver := scenario.Over == "" || scenario.Over == way.method
				if isOver && !slices.Contains(way.lacks, scenario.Title) {
					it(t, scenario.Title, func(t *testing.T) { scenario.play(t, way) })
				}
			}
			for _, each := range kms.CallerRefusals {
				if each.ClockSeconds == 0 {
					it(t, each.Title, func(t *testing.T) { way.as(each.Caller).unwelcome(t, each.Refused) })
				} else if way.clocks {
					it(t, each.Title, func(t *testing.T) {
						way.withClock(t, each.ClockSeconds, each.Caller, func(t *testing.T, as kmsCloud) {
							as.unwelcome(t, each.Refused)
						})
					})
				}
			}
			it(t, "what is long or odd in an address", func(t *testing.T) { kmsAddresses(t, way.as("dev")) })
		})
	}
	it(t, "what Terraform does with a secret", func(t *testing.T) { kmsTerraform(t, kmsWays["tea-rpc"].as("dev")) })
}

func (c kmsCloud) unwelcome(t *testing.T, refused []string) {
	t.Helper()
	c.refused(t, "", "GetSecretValue", object{"SecretName": "unwelcome"}, refused)
}

// As `way.withClock`.
func (w kmsWay) withClock(t *testing.T, seconds int, caller string, body func(*testing.T, kmsCloud)) {
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now) + time.Duration(seconds)*time.Second)
		body(t, kmsCloud{w.connect(expected.Callers[caller]["secret"], &http.Transport{DisableKeepAlives: true})})
	})
}

// These SDKs write everything into the address, and one of them signs the names of parameters as they are.
func kmsAddresses(t *testing.T, dev kmsCloud) {
	name := fmt.Sprintf("t%d/odd", serial.Add(1))
	named := object{"SecretName": name, "VersionId": "版本 1"}
	long := strings.Repeat("密", 7000)
	dev.call(t, "create", "CreateSecret", with(named, object{"SecretData": strings.Repeat("x", 30720)}))
	dev.call(t, "put", "PutSecretValue", object{"SecretName": name, "VersionId": "2", "SecretData": long})
	reply := dev.call(t, "get", "GetSecretValue", object{"SecretName": name})
	assertLike(t, "get", object{"SecretData": long, "VersionId": "2"}, reply)
	dev.remove(t, name)

	dev.call(t, "create", "CreateSecret", with(kmsRds, object{"SecretName": name}))
	custom := object{"城市": "北京", "n.m": "+ &=%"}
	dev.call(t, "update", "UpdateSecret", object{"SecretName": name, "ExtendedConfig.CustomData": custom})
	reply = dev.call(t, "describe", "DescribeSecret", object{"SecretName": name})
	assertLike(t, "describe", object{"ExtendedConfig": object{"$json": object{"CustomData": custom}}}, reply)
	dev.remove(t, name)
}

var kmsRds = object{
	"VersionId": "v1", "SecretType": "Rds",
	"SecretData":     `{"Accounts":[{"AccountName":"app","AccountPassword":"not-a-real-one"}]}`,
	"ExtendedConfig": object{"SecretSubType": "SingleUser", "DBInstanceId": "rm-fake00000000000001", "CustomData": object{}},
}

func (c kmsCloud) remove(t *testing.T, name string) {
	t.Helper()
	c.call(t, "remove", "DeleteSecret", object{"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
}

// The parameters that are numbered; every other list is JSON in its parameter.
var numbered = []string{"ResourceId", "TagKey", "Tag"}

// A parameter as it is sent: a list or a map as JSON.
func asText(value any) string {
	switch value.(type) {
	case object, []any:
		return toJSON(value)
	default:
		return fmt.Sprint(value)
	}
}

// --- the SDK that is generated today

type openapiKmsClient struct{ sdk *kmssdk.Client }

func openapiKms(algorithm string) kmsWay {
	lacks := []string{"many values at once"}
	return kmsWay{"POST", lacks, true, true, func(keys keys, transport *http.Transport) kmsClient {
		config := &openapiutil.Config{
			AccessKeyId:     tea.String(keys.ID),
			AccessKeySecret: tea.String(keys.Secret),
			Endpoint:        tea.String(server),
			Protocol:        tea.String("HTTP"),
			RegionId:        tea.String(region),
		}
		if keys.Token != "" {
			config.SecurityToken = tea.String(keys.Token)
		}
		if algorithm != "" {
			config.SignatureAlgorithm = tea.String(algorithm)
		}
		if transport != nil {
			config.HttpClient = through{transport}
		}
		return openapiKmsClient{must(kmssdk.NewClient(config))}
	}}
}

func (c openapiKmsClient) call(operation string, parameters object) (object, error) {
	method := reflect.ValueOf(c.sdk).MethodByName(operation + "WithOptions")
	arguments := []reflect.Value{reflect.ValueOf(&util.RuntimeOptions{})}
	if method.Type().NumIn() == 2 {
		request := reflect.New(method.Type().In(0).Elem())
		members := object{}
		for name, value := range parameters {
			if first, second, isNested := strings.Cut(name, "."); isNested {
				members[first] = object{second: value}
			} else if request.Elem().FieldByName(name).Type() == reflect.TypeFor[*string]() {
				members[name] = asText(value)
			} else {
				members[name] = value
			}
		}
		// Its models' fields have the wire's names.
		if err := json.Unmarshal([]byte(toJSON(members)), request.Interface()); err != nil {
			return nil, err
		}
		arguments = slices.Insert(arguments, 0, request)
	}
	results := method.Call(arguments)
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	return plain(results[0].Elem().FieldByName("Body").Interface()).(object), nil
}

func (c openapiKmsClient) failure(t *testing.T, err error) failure { return teaFailure(t, err) }

// What the Tea cores tell: all of them by one type, and with the id in the message.
func teaFailure(t *testing.T, err error) failure {
	t.Helper()
	var thrown *tea.SDKError
	if !errors.As(err, &thrown) {
		t.Fatalf("not an error of the SDK: %v", err)
	}
	text := openapiMessage.FindStringSubmatch(tea.StringValue(thrown.Message))
	if text == nil {
		t.Fatalf("a message of another form: %v", err)
	}
	status := tea.IntValue(thrown.StatusCode)
	assertEqual(t, fmt.Sprint(status), text[1])
	return failure{
		code:      tea.StringValue(thrown.Code),
		status:    status,
		message:   text[2],
		requestID: text[3],
		body:      must(parse[object](tea.StringValue(thrown.Data))),
	}
}

// --- the classic SDK

type classicOptions struct{ method, format, scheme string }

type classicKmsClient struct {
	sdk     *classickms.Client
	options classicOptions
}

func classicKms(options classicOptions) kmsWay {
	return kmsWay{options.method, nil, true, true, func(keys keys, transport *http.Transport) kmsClient {
		sdk, err := classickms.NewClientWithAccessKey(region, keys.ID, keys.Secret)
		if keys.Token != "" {
			sdk, err = classickms.NewClientWithStsToken(region, keys.ID, keys.Secret, keys.Token)
		}
		must(sdk, err).Domain = server
		sdk.SetHTTPSInsecure(options.scheme == "https")
		if transport != nil {
			sdk.SetTransport(transport)
		}
		return classicKmsClient{sdk, options}
	}}
}

func (c classicKmsClient) call(operation string, parameters object) (object, error) {
	method := reflect.ValueOf(c.sdk).MethodByName(operation)
	// What its models do not know, or leave out because it is empty, its users write by hand.
	if !method.IsValid() || slices.Contains(slices.Collect(maps.Values(parameters)), any("")) {
		return c.common(operation, parameters)
	}
	fields := object{}
	for name, value := range parameters {
		if slices.Contains(numbered, name) {
			fields[name] = value
		} else {
			fields[strings.ReplaceAll(name, ".", "")] = asText(value)
		}
	}
	request := reflect.New(method.Type().In(0).Elem())
	core := &requests.RpcRequest{}
	core.InitWithApiInfo("Kms", kms.Version, operation, "kms", "openAPI")
	core.Method, core.AcceptFormat, core.Scheme = c.options.method, c.options.format, c.options.scheme
	request.Elem().FieldByName("RpcRequest").Set(reflect.ValueOf(core))
	if err := json.Unmarshal([]byte(toJSON(fields)), request.Interface()); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{request})
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	return settled(plain(results[0].Interface().(responses.AcsResponse))).(object), nil
}

func (c classicKmsClient) common(operation string, parameters object) (object, error) {
	request := requests.NewCommonRequest()
	request.Product, request.Version, request.ApiName = "Kms", kms.Version, operation
	request.Domain, request.Scheme, request.Method = server, c.options.scheme, c.options.method
	for name, value := range parameters {
		if c.options.method == "POST" {
			request.FormParams[name] = asText(value)
		} else {
			request.QueryParams[name] = asText(value)
		}
	}
	response, err := c.sdk.ProcessCommonRequest(request)
	if err != nil {
		return nil, err
	}
	return parse[object](response.GetHttpContentString())
}

func (c classicKmsClient) failure(t *testing.T, err error) failure {
	t.Helper()
	told, content := failureOf(t, err)
	if c.options.format == "JSON" {
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

// --- the core below Terraform's provider

type rpcKmsClient struct{ core *rpc.Client }

func connectRPC(keys keys, _ *http.Transport) kmsClient {
	return rpcKmsClient{must(rpc.NewClient(&rpc.Config{
		AccessKeyId:     tea.String(keys.ID),
		AccessKeySecret: tea.String(keys.Secret),
		SecurityToken:   tea.String(keys.Token),
		Endpoint:        tea.String(server),
		Protocol:        tea.String("HTTP"),
		RegionId:        tea.String(region),
	}))}
}

func (c rpcKmsClient) call(operation string, parameters object) (object, error) {
	body := map[string]any{}
	for name, value := range parameters {
		if _, isTruth := value.(bool); isTruth || slices.Contains(numbered, name) {
			body[name] = value
		} else {
			body[name] = asText(value)
		}
	}
	reply, err := c.core.DoRequest(tea.String(operation), nil, tea.String("POST"), tea.String(kms.Version),
		tea.String("AK"), nil, body, &rpcutil.RuntimeOptions{Autoretry: tea.Bool(true)})
	if err != nil {
		return nil, err
	}
	return plain(reply).(object), nil
}

func (c rpcKmsClient) failure(t *testing.T, err error) failure { return teaFailure(t, err) }
