package clients

// The Tea core for Go, called as today's generated SDK calls it. Its users' wrapper for SecretData is a map here.

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

func TestOpenapi(t *testing.T) {
	for title, way := range map[string]way{
		"query":         openapiWay(openapiOptions{}),
		"JSON body":     openapiWay(openapiOptions{jsonBody: true}),
		"SM3 signature": openapiWay(openapiOptions{algorithm: "ACS3-HMAC-SM3"}),
		"RSA signature": openapiWay(openapiOptions{algorithm: "ACS3-RSA-SHA256"}),
		"ROA signature": openapiWay(openapiOptions{algorithm: "v2"}),
		"typed errors":  openapiWay(openapiOptions{typedErrors: true}),
	} {
		t.Run(title, func(t *testing.T) {
			scenarios(t, way)
			callers(t, way)
		})
	}
}

type openapiOptions struct {
	// SecretData in a JSON body, as the generation before had it.
	jsonBody bool
	// Nothing for the core's own choice.
	algorithm string
	// Errors of the core's own types, where the generated SDK hands out those of the core before.
	typedErrors bool
}

func openapiWay(options openapiOptions) way {
	key, signing := "secret", "acs3"
	switch options.algorithm {
	case "ACS3-RSA-SHA256":
		key = "rsa"
	case "v2":
		signing = "roa"
	}
	return way{key, signing, func(keys keys, transport *http.Transport) client {
		config := &openapiutil.Config{
			AccessKeyId:     dara.String(keys.ID),
			AccessKeySecret: dara.String(keys.Secret),
			Endpoint:        dara.String(server),
			Protocol:        dara.String("http"),
			RegionId:        dara.String(region),
		}
		if key == "rsa" {
			config.AccessKeySecret = dara.String(privateKeyOf(keys.Key))
		}
		if keys.Token != "" {
			config.SecurityToken = dara.String(keys.Token)
		}
		if options.algorithm != "" {
			config.SignatureAlgorithm = dara.String(options.algorithm)
		}
		if transport != nil {
			config.HttpClient = through{transport}
		}
		core := must(openapi.NewClient(config))
		core.DisableSDKError = dara.Bool(options.typedErrors)
		return openapiClient{core, options}
	}}
}

type through struct{ transport *http.Transport }

func (t through) Call(request *http.Request, _ *http.Transport) (*http.Response, error) {
	return t.transport.RoundTrip(request)
}

type openapiClient struct {
	core    *openapi.Client
	options openapiOptions
}

const (
	secretPath    = "/pop/v1/sam/secret/secret"
	namespacePath = "/pop/v1/paas/namespace"
)

var routes = map[string]struct{ method, path string }{
	"CreateSecret":               {"POST", secretPath},
	"UpdateSecret":               {"PUT", secretPath},
	"DescribeSecret":             {"GET", secretPath},
	"DeleteSecret":               {"DELETE", secretPath},
	"ListSecrets":                {"GET", "/pop/v1/sam/secret/secrets"},
	"CreateNamespace":            {"POST", namespacePath},
	"UpdateNamespace":            {"PUT", namespacePath},
	"DescribeNamespace":          {"GET", namespacePath},
	"DeleteNamespace":            {"DELETE", namespacePath},
	"DescribeNamespaces":         {"GET", "/pop/v1/paas/namespaces"},
	"DescribeNamespaceList":      {"GET", "/pop/v1/sam/namespace/describeNamespaceList"},
	"DescribeNamespaceResources": {"GET", "/pop/v1/sam/namespace/describeNamespaceResources"},
	"DescribeRegions":            {"GET", "/pop/v1/paas/regionConfig"},
}

func (c openapiClient) call(operation string, parameters object, headers map[string]string) (object, error) {
	query, body := object{}, object{}
	for name, value := range parameters {
		switch {
		case name != "SecretData":
			query[name] = value
		case c.options.jsonBody:
			body[name] = toJSON(value)
		default:
			nested := map[string]*string{"SecretData": dara.String(toJSON(value))}
			query[name] = openapiutil.ArrayToStringWithSpecifiedStyle(
				nested, dara.String("SecretData"), dara.String("json"))
		}
	}
	request := &openapiutil.OpenApiRequest{Headers: map[string]*string{}, Query: openapiutil.Query(query)}
	for name, value := range headers {
		request.Headers[name] = dara.String(value)
	}
	if len(body) > 0 {
		request.Body = openapiutil.ParseToMap(body)
	}
	route := routes[operation]
	reply, err := c.core.CallApi(&openapiutil.Params{
		Action:      dara.String(operation),
		Version:     dara.String(expected.Version),
		Protocol:    dara.String("HTTPS"),
		Pathname:    dara.String(route.path),
		Method:      dara.String(route.method),
		AuthType:    dara.String("AK"),
		Style:       dara.String("ROA"),
		ReqBodyType: dara.String("json"),
		BodyType:    dara.String("json"),
	}, request, &dara.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	return reply["body"].(object), nil
}

var openapiMessage = regexp.MustCompile(`(?s)^code: (\d+), (.*) request id: (\S+)$`)

func (c openapiClient) failure(t *testing.T, err error) failure {
	t.Helper()
	var told failure
	var thrown *tea.SDKError
	var typed *openapi.ClientError
	switch {
	case !c.options.typedErrors && errors.As(err, &thrown):
		told = failure{
			code:         tea.StringValue(thrown.Code),
			status:       tea.IntValue(thrown.StatusCode),
			message:      tea.StringValue(thrown.Message),
			body:         must(parse[object](tea.StringValue(thrown.Data))),
			accessDenied: thrown.AccessDeniedDetail,
		}
	case c.options.typedErrors && errors.As(err, &typed):
		told = failure{
			code:         dara.StringValue(typed.Code),
			status:       dara.IntValue(typed.StatusCode),
			message:      dara.StringValue(typed.Message),
			requestID:    dara.StringValue(typed.RequestId),
			body:         typed.Data,
			accessDenied: typed.AccessDeniedDetail,
		}
	default:
		t.Fatalf("not an error of the SDK: %v", err)
	}
	text := openapiMessage.FindStringSubmatch(told.message)
	if text == nil {
		t.Fatalf("a message of another form: %s", told.message)
	}
	assertEqual(t, told.status, number(t, json.Number(text[1])))
	if told.requestID != "" {
		assertEqual(t, told.requestID, text[3])
	}
	told.message, told.requestID = text[2], text[3]
	return told
}
