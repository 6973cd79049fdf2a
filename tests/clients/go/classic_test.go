package clients

// The classic SDK: its typed requests with replies in JSON and in XML, and its CommonRequest.

import (
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"reflect"
	"slices"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/sae"
)

func TestClassic(t *testing.T) {
	for title, connect := range map[string]func(*sae.Client) client{
		"typed, JSON": func(sdk *sae.Client) client { return typed{sdk, "JSON"} },
		"typed, XML":  func(sdk *sae.Client) client { return typed{sdk, "XML"} },
		"common":      func(sdk *sae.Client) client { return common{sdk} },
	} {
		way := way{"secret", "roa", func(keys keys, transport *http.Transport) client {
			sdk, err := sae.NewClientWithAccessKey(region, keys.ID, keys.Secret)
			if keys.Token != "" {
				sdk, err = sae.NewClientWithStsToken(region, keys.ID, keys.Secret, keys.Token)
			}
			if transport != nil {
				must(sdk, err).SetTransport(transport)
			}
			return connect(must(sdk, err))
		}}
		t.Run(title, func(t *testing.T) {
			scenarios(t, way)
			callers(t, way)
		})
	}
}

type typed struct {
	sdk    *sae.Client
	format string
}

var typedRequests = map[string]func() any{
	"CreateSecret":               func() any { return sae.CreateCreateSecretRequest() },
	"UpdateSecret":               func() any { return sae.CreateUpdateSecretRequest() },
	"DescribeSecret":             func() any { return sae.CreateDescribeSecretRequest() },
	"DeleteSecret":               func() any { return sae.CreateDeleteSecretRequest() },
	"ListSecrets":                func() any { return sae.CreateListSecretsRequest() },
	"CreateNamespace":            func() any { return sae.CreateCreateNamespaceRequest() },
	"UpdateNamespace":            func() any { return sae.CreateUpdateNamespaceRequest() },
	"DescribeNamespace":          func() any { return sae.CreateDescribeNamespaceRequest() },
	"DeleteNamespace":            func() any { return sae.CreateDeleteNamespaceRequest() },
	"DescribeNamespaces":         func() any { return sae.CreateDescribeNamespacesRequest() },
	"DescribeNamespaceList":      func() any { return sae.CreateDescribeNamespaceListRequest() },
	"DescribeNamespaceResources": func() any { return sae.CreateDescribeNamespaceResourcesRequest() },
	"DescribeRegions":            func() any { return sae.CreateDescribeRegionsRequest() },
}

// One model of `Data` serves all of this SDK's operations: what an operation's users read in it. What is not here is an
// array, or nothing.
var (
	listedSecret = []string{
		"NamespaceId", "SecretId", "SecretName", "SecretType", "RelateApps", "CreateTime", "UpdateTime"}
	secretNumber = []string{"SecretId"}
	namespace    = []string{"NamespaceId", "NameSpaceShortId", "NamespaceName", "NamespaceDescription", "RegionId"}
	dataMembers  = map[string][]string{
		"CreateSecret":               secretNumber,
		"UpdateSecret":               secretNumber,
		"DescribeSecret":             append([]string{"SecretData"}, listedSecret...),
		"DeleteSecret":               secretNumber,
		"ListSecrets":                {"Secrets"},
		"CreateNamespace":            namespace,
		"UpdateNamespace":            namespace,
		"DescribeNamespace":          namespace,
		"DescribeNamespaces":         {"CurrentPage", "PageSize", "TotalSize", "Namespaces"},
		"DescribeNamespaceResources": {"NamespaceId", "NamespaceName", "Description", "BelongRegion", "AppCount"},
	}
)

func (c typed) call(operation string, parameters object, headers map[string]string) (object, error) {
	request := typedRequests[operation]()
	fields := reflect.ValueOf(request).Elem()
	for name, value := range parameters {
		text := fmt.Sprint(value)
		if name == "SecretData" {
			text = toJSON(value)
		}
		fields.FieldByName(name).SetString(text)
	}
	fields.FieldByName("AcceptFormat").SetString(c.format)
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	fields.FieldByName("Port").SetString(port)
	acs := request.(requests.AcsRequest)
	acs.SetDomain(host)
	maps.Copy(acs.GetHeaders(), headers)

	results := reflect.ValueOf(c.sdk).MethodByName(operation).Call([]reflect.Value{reflect.ValueOf(request)})
	response := results[0].Interface().(responses.AcsResponse)
	err, _ = results[1].Interface().(error)
	if c.format == "XML" && operation == "DescribeSecret" && response.IsSuccess() {
		return describedInXML(response.GetHttpContentBytes())
	}
	if err != nil {
		return nil, err
	}
	body := settled(plain(response)).(object)
	if data, isObject := body["Data"].(object); isObject {
		maps.DeleteFunc(data, func(name string, _ any) bool { return !slices.Contains(dataMembers[operation], name) })
		if len(data) == 0 {
			delete(body, "Data")
		}
	}
	return body, nil
}

// A model has no way to say that a member was missing: an error code and values are without any, and a list is empty.
func settled(value any) any {
	switch value := value.(type) {
	case nil:
		return []any{}
	case []any:
		for i := range value {
			value[i] = settled(value[i])
		}
	case object:
		maps.DeleteFunc(value, func(name string, member any) bool {
			return name == "ErrorCode" && member == "" || name == "SecretData" && member == nil
		})
		for name := range value {
			value[name] = settled(value[name])
		}
	}
	return value
}

// This SDK's model has a map for SecretData, which no XML can be read into: its users take the values from the text.
func describedInXML(content []byte) (object, error) {
	var reply struct {
		RequestId, Message, TraceId, Code string
		Success                           bool
		Data                              struct {
			NamespaceId            string
			SecretId               int64
			SecretName, SecretType string
			SecretData             string
			RelateApps             []struct{}
			CreateTime, UpdateTime int64
		}
	}
	if err := xml.Unmarshal(content, &reply); err != nil {
		return nil, err
	}
	body := settled(plain(reply)).(object)
	values, err := parse[object](reply.Data.SecretData)
	body["Data"].(object)["SecretData"] = values
	return body, err
}

func (c typed) failure(t *testing.T, err error) failure {
	t.Helper()
	told, content := failureOf(t, err)
	if c.format == "JSON" {
		return told
	}
	// In XML it keeps the whole text as its message, and nothing else.
	var reply struct {
		RequestId, Code, Message string
		AccessDeniedDetail       struct {
			AuthAction, AuthPrincipalDisplayName, AuthPrincipalOwnerId string
			AuthPrincipalType, NoPermissionType, PolicyType            string
		}
	}
	if err := xml.Unmarshal([]byte(content), &reply); err != nil {
		t.Fatalf("%v in %s", err, content)
	}
	return failure{
		code:         reply.Code,
		status:       told.status,
		message:      reply.Message,
		requestID:    reply.RequestId,
		accessDenied: plain(reply.AccessDeniedDetail).(object),
	}
}

// What this SDK's error tells, and the message in it.
func failureOf(t *testing.T, err error) (failure, string) {
	t.Helper()
	var thrown *sdkerrors.ServerError
	if !errors.As(err, &thrown) {
		t.Fatalf("not an error of the server: %v", err)
	}
	return failure{
		code:         thrown.ErrorCode(),
		status:       thrown.HttpStatus(),
		message:      thrown.Message(),
		requestID:    thrown.RequestId(),
		accessDenied: thrown.AccessDeniedDetail(),
	}, thrown.Message()
}

// Requests that are written by hand: SecretData in a JSON body, the rest in the query.
type common struct{ sdk *sae.Client }

func (c common) call(operation string, parameters object, headers map[string]string) (object, error) {
	request := requests.NewCommonRequest()
	request.Product = "sae"
	request.Version = expected.Version
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	request.Domain, request.Port = host, port
	request.Method = routes[operation].method
	request.PathPattern = routes[operation].path
	maps.Copy(request.Headers, headers)
	for name, value := range parameters {
		if name == "SecretData" {
			request.SetContentType("application/json")
			request.SetContent([]byte(toJSON(object{"SecretData": toJSON(value)})))
		} else {
			request.QueryParams[name] = fmt.Sprint(value)
		}
	}
	response, err := c.sdk.ProcessCommonRequest(request)
	if err != nil {
		return nil, err
	}
	return parse[object](response.GetHttpContentString())
}

func (c common) failure(t *testing.T, err error) failure {
	t.Helper()
	told, _ := failureOf(t, err)
	return told
}
