package clients

// The shared expectations, read from expectations.json, and how a reply or a refusal is held against them.

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

type object = map[string]any

// Where expectations.json and what it names lie: a test runs in the folder of its source.
const folder = ".."

type keys struct{ ID, Secret, Key, Token string }

type documentedError struct {
	Status             int
	Message, Acs3, Roa string
}

type refusal struct {
	Title, Operation, Code string
	Parameters             object
	// Without arguments a placeholder of the message stands for any text.
	Arguments *[]string
}

type callerRefusal struct {
	Title, Caller, Code string
	ClockSeconds        int `json:"clock_seconds"`
}

type denial struct {
	Caller, Principal, Kind string
	PrincipalType           string `json:"principal_type"`
}

type expectations struct {
	Callers    map[string]map[string]keys
	Version    string
	Account    string
	Regions    []string
	Namespaces struct{ Default, Standing, Tiny string }
	Values     map[string]string
	LargeValue struct {
		Unit  string
		Times int
	} `json:"large_value"`
	DockerConfig              object `json:"docker_config"`
	DockerConfigChanged       object `json:"docker_config_changed"`
	DockerConfigContradicting object `json:"docker_config_contradicting"`
	TLS                       struct{ Certificate, Key string }
	Errors                    map[string]documentedError
	GatewayErrors             map[string]documentedError `json:"gateway_errors"`
	CallerRefusals            []callerRefusal            `json:"caller_refusals"`
	Denials                   []denial
	Refusals                  []refusal
}

var (
	expected    = must(parse[expectations](readFile("expectations.json")))
	region      = expected.Regions[0]
	largeValue  = strings.Repeat(expected.LargeValue.Unit, expected.LargeValue.Times)
	certificate = readFile(expected.TLS.Certificate)
	privateKey  = readFile(expected.TLS.Key)

	requestID = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)
	traceID   = regexp.MustCompile(`^[0-9a-f]{8}\d{13}\d{4}[a-z][0-9a-f]{4}$`)
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func readFile(path string) string {
	return string(must(os.ReadFile(filepath.Join(folder, path))))
}

// The ids of secrets are too large for the numbers that a decoder makes by itself.
func parse[T any](text string) (value T, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func toJSON(value any) string { return string(must(json.Marshal(value))) }

// The same value with nothing but maps, lists, texts, booleans and numbers in it.
func plain(value any) any { return must(parse[any](toJSON(value))) }

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// The one key of a registry secret, with the value as kubectl writes it.
func dockerConfig(config object) map[string]string {
	return map[string]string{".dockerconfigjson": base64Of(toJSON(config))}
}

// The private key of an RSA pair as users hand it to the SDK, which puts the lines of PEM around it by itself.
func privateKeyOf(path string) string {
	block, _ := pem.Decode([]byte(readFile(path)))
	return base64.StdEncoding.EncodeToString(block.Bytes)
}

// What an SDK's error tells its caller. The body is nil where the SDK keeps nothing of it.
type failure struct {
	code, message, requestID string
	status                   int
	body, accessDenied       object
}

func assertSuccess(t *testing.T, operation string, body object) {
	t.Helper()
	assertMatches(t, requestID, body["RequestId"])
	assertEqual(t, "success", body["Message"])
	if operation == "DescribeRegions" {
		// The one operation whose documented Code is a number, and which has no Data, Success and TraceId.
		assertEqual(t, 200, body["Code"])
		return
	}
	assertEqual(t, "200", body["Code"])
	assertEqual(t, true, body["Success"])
	assertMatches(t, traceID, body["TraceId"])
	if code, has := body["ErrorCode"]; has {
		t.Fatalf("a success with the error %v", code)
	}
}

// Holds what an SDK told of a refusal against the error table.
func assertRefused(t *testing.T, told failure, code string, arguments *[]string) {
	t.Helper()
	documented := expected.Errors[code]
	assertFailure(t, told, code, documented.Status, documented.Message, arguments)
	if told.body != nil {
		assertEqual(t, code, told.body["ErrorCode"])
		assertEqual(t, false, told.body["Success"])
		assertMatches(t, traceID, told.body["TraceId"])
	}
}

// The same for what the gateway refuses: its replies have fewer members, and one message depends on the signature.
func assertGatewayRefused(t *testing.T, told failure, code, signing string) {
	t.Helper()
	documented := expected.GatewayErrors[code]
	message := documented.Message
	if message == "" {
		message = map[string]string{"acs3": documented.Acs3, "roa": documented.Roa}[signing]
	}
	assertFailure(t, told, code, documented.Status, message, nil)
	if told.body == nil {
		return
	}
	for _, name := range []string{"ErrorCode", "Success", "TraceId"} {
		if value, has := told.body[name]; has {
			t.Fatalf("the gateway's %s: %v", name, value)
		}
	}
	_, has := told.body["AccessDeniedDetail"]
	assertEqual(t, code == "NoPermission", has)
}

func assertFailure(t *testing.T, told failure, code string, status int, message string, arguments *[]string) {
	t.Helper()
	assertEqual(t, code, told.code)
	assertEqual(t, status, told.status)
	assertMatches(t, requestID, told.requestID)
	parts := strings.Split(message, "%s")
	if arguments == nil {
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		assertMatches(t, regexp.MustCompile("(?s)^"+strings.Join(parts, ".+")+"$"), told.message)
	} else {
		assertEqual(t, len(parts)-1, len(*arguments))
		for i, argument := range *arguments {
			parts[i] += argument
		}
		assertEqual(t, strings.Join(parts, ""), told.message)
	}
	if told.body == nil {
		return
	}
	assertEqual(t, code, told.body["Code"])
	assertEqual(t, told.message, told.body["Message"])
	assertEqual(t, told.requestID, told.body["RequestId"])
	for _, name := range []string{"HostId", "Recommend"} {
		if told.body[name] == "" || told.body[name] == nil {
			t.Fatalf("an error without %s", name)
		}
	}
	if data, has := told.body["Data"]; has {
		t.Fatalf("an error with the data %v", data)
	}
}

func assertEqual(t *testing.T, want, got any) {
	t.Helper()
	if want, got := plain(want), plain(got); !reflect.DeepEqual(want, got) {
		t.Fatalf("wanted %s\n   got %s", toJSON(want), toJSON(got))
	}
}

func assertMatches(t *testing.T, want *regexp.Regexp, got any) {
	t.Helper()
	text, ok := got.(string)
	if !ok || !want.MatchString(text) {
		t.Fatalf("wanted %s\n   got %v", want, got)
	}
}
