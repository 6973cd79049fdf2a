package clients

// KMS as one caller sees it through one SDK: what its scenarios call, with every reply held against what is documented.

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alibabacloud-go/tea/tea"
)

// Whoever calls KMS through an SDK in one of its ways.
type kmsWay struct {
	// `acs3` or `rpc`.
	signing string
	// Whether it sends parameters and operations that its own models do not know.
	untyped bool
	// Whether it calls by GET.
	gets    bool
	connect func(keys) kmsClient
}

type kmsClient interface {
	// Sends an operation as that SDK's users do: texts, numbers and booleans by the documented names, a map for what is
	// JSON in its parameter, a list for what is repeated. Returns the reply with the wire's names.
	call(operation string, parameters object) (object, error)
	// What a user can read from the error.
	failure(*testing.T, error) failure
}

type kmsCloud struct {
	way    kmsWay
	client kmsClient
}

func (w kmsWay) as(caller string) kmsCloud {
	return kmsCloud{w, w.connect(expected.Callers[caller]["secret"])}
}

var (
	kmsRequestID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	kmsTime      = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
)

func (c kmsCloud) call(t *testing.T, operation string, parameters object) object {
	t.Helper()
	body, err := c.client.call(operation, parameters)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	assertMatches(t, kmsRequestID, body["RequestId"])
	return body
}

// What a reply of KMS tells of a failure. A message that names the fault in words of the server's own ends in "%s".
type kmsError struct {
	status        int
	code, message string
}

func (c kmsCloud) refused(t *testing.T, want kmsError, operation string, parameters object) {
	t.Helper()
	body, err := c.client.call(operation, parameters)
	if err == nil {
		t.Fatalf("%s was not refused: %s", operation, toJSON(body))
	}
	assertKmsFailure(t, want, c.client.failure(t, err))
}

func assertKmsFailure(t *testing.T, want kmsError, told failure) {
	t.Helper()
	message := regexp.QuoteMeta(want.message)
	if start, found := strings.CutSuffix(want.message, "%s"); found {
		message = regexp.QuoteMeta(start) + ".+"
	}
	assertEqual(t, fmt.Sprint(want.status, " ", want.code), fmt.Sprint(told.status, " ", told.code))
	assertMatches(t, regexp.MustCompile("(?s)^"+message+"$"), told.message)
	assertMatches(t, kmsRequestID, told.requestID)
	if told.body != nil {
		assertHas(t, object{"Code": want.code, "Message": told.message, "RequestId": told.requestID}, told.body)
	}
}

var kmsMessage = regexp.MustCompile(`(?s)^code: (\d+), (.*) request id: (\S+)$`)

// What the Tea cores tell: all of them by one type, and with the id in the message.
func teaFailure(t *testing.T, err error) failure {
	t.Helper()
	var thrown *tea.SDKError
	if !errors.As(err, &thrown) {
		t.Fatalf("not an error of the SDK: %v", err)
	}
	text := kmsMessage.FindStringSubmatch(tea.StringValue(thrown.Message))
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

// A parameter as one text: what is not a text is JSON.
func asText(value any) string {
	switch kind := reflect.ValueOf(value).Kind(); kind {
	case reflect.Map, reflect.Slice:
		return toJSON(value)
	default:
		return fmt.Sprint(value)
	}
}

// Every member that is wanted is there. Models have no way to say that a text was missing: "" asks for none.
func assertHas(t *testing.T, want, got object) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		have := got[name]
		if have == nil {
			have = ""
		}
		if !reflect.DeepEqual(plain(want[name]), plain(have)) {
			t.Fatalf("wanted %s of %s\n   got %s", name, toJSON(want), toJSON(got))
		}
	}
}

func assertTimes(t *testing.T, body object, names ...string) {
	t.Helper()
	for _, name := range names {
		assertMatches(t, kmsTime, body[name])
	}
}

// The same secret with other members.
func with(whole object, members object) object {
	all := maps.Clone(whole)
	maps.Copy(all, members)
	return all
}

// All tests of a suite share a region, so every test has secrets of its own.
func newSecretName() string { return fmt.Sprintf("team-%d/db+prod=1@x._", serial.Add(1)) }

func kmsSecret(name, version, data string) object {
	return object{"SecretName": name, "VersionId": version, "SecretData": data}
}

func kmsARN(kind, name string) string {
	return fmt.Sprintf("acs:kms:%s:%s:%s/%s", region, expected.Account, kind, name)
}

func stages(labels ...string) object { return object{"VersionStage": labels} }

func (c kmsCloud) remove(t *testing.T, name string) {
	t.Helper()
	c.call(t, "DeleteSecret", object{"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
}
