package clients

// What a scenario talks to: the server as one caller sees it through one SDK, with every reply held against the
// documented envelope.

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Where the server listens.
var server = os.Getenv("SAE_SERVER")

// A way of calling: an SDK, what it signs with, and how its users give SecretData.
type way struct {
	// The kind of key that it signs with, `secret` or `rsa`, and its way of signing, `acs3` or `roa`.
	key, signing string
	connect      func(keys, *http.Transport) client
}

type client interface {
	// Sends an operation as that SDK's users do, with SecretData given as a plain map and the headers that such a user
	// may add; returns the reply with the wire's names.
	call(operation string, parameters object, headers map[string]string) (object, error)
	// What a user can read from the error.
	failure(*testing.T, error) failure
}

type cloud struct {
	way    way
	client client
}

func (w way) as(caller string) cloud {
	return cloud{w, w.connect(expected.Callers[caller][w.key], nil)}
}

// Runs the body as a caller whose clock is wrong. Time stands still in it while a reply is waited for.
func (w way) withClock(t *testing.T, seconds int, caller string, body func(*testing.T, cloud)) {
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now) + time.Duration(seconds)*time.Second)
		// A connection that is kept would outlive the clock.
		transport := &http.Transport{DisableKeepAlives: true}
		body(t, cloud{w, w.connect(expected.Callers[caller][w.key], transport)})
	})
}

func (c cloud) call(t *testing.T, operation string, parameters object, headers ...map[string]string) object {
	t.Helper()
	body, err := c.client.call(operation, parameters, merged(headers))
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	assertSuccess(t, operation, body)
	return body
}

func (c cloud) refused(t *testing.T, code string, arguments *[]string, operation string, parameters object) {
	t.Helper()
	assertRefused(t, c.failure(t, operation, parameters, nil), code, arguments)
}

// For what the gateway does not let through; returns what the SDK told.
func (c cloud) gatewayRefused(
	t *testing.T, code, operation string, parameters object, headers ...map[string]string,
) failure {
	t.Helper()
	told := c.failure(t, operation, parameters, merged(headers))
	assertGatewayRefused(t, told, code, c.way.signing)
	return told
}

func (c cloud) failure(t *testing.T, operation string, parameters object, headers map[string]string) failure {
	t.Helper()
	body, err := c.client.call(operation, parameters, headers)
	if err == nil {
		t.Fatalf("%s was not refused: %v", operation, body)
	}
	return c.client.failure(t, err)
}

func merged(all []map[string]string) map[string]string {
	headers := map[string]string{}
	for _, some := range all {
		maps.Copy(headers, some)
	}
	return headers
}

func (c cloud) create(t *testing.T, namespace, name string, data map[string]string, kind string) int64 {
	t.Helper()
	return idOf(t, c.call(t, "CreateSecret", creation(namespace, name, data, kind)))
}

func creation(namespace, name string, data map[string]string, kind string) object {
	return object{"NamespaceId": namespace, "SecretName": name, "SecretType": kind, "SecretData": data}
}

func idOf(t *testing.T, reply object) int64 {
	t.Helper()
	return number(t, reply["Data"].(object)["SecretId"])
}

// A number of a reply, which is one in the reply, too.
func number(t *testing.T, value any) int64 {
	t.Helper()
	number, ok := plain(value).(interface{ Int64() (int64, error) })
	if !ok {
		t.Fatalf("not a number: %v", value)
	}
	whole, err := number.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func (c cloud) describe(t *testing.T, namespace string, id int64) object {
	t.Helper()
	return c.call(t, "DescribeSecret", object{"NamespaceId": namespace, "SecretId": id})["Data"].(object)
}

func (c cloud) list(t *testing.T, namespace string) []any {
	t.Helper()
	return c.call(t, "ListSecrets", object{"NamespaceId": namespace})["Data"].(object)["Secrets"].([]any)
}

func (c cloud) remove(t *testing.T, namespace string, id int64) object {
	t.Helper()
	return c.call(t, "DeleteSecret", object{"NamespaceId": namespace, "SecretId": id})
}

// All tests of a suite share one server, so every test makes namespaces of its own.
var serial atomic.Int64

func newNamespaceID() string {
	return fmt.Sprintf("%s:t%d", expected.Namespaces.Default, serial.Add(1))
}

func (c cloud) inNamespace(t *testing.T, body func(namespace string)) {
	t.Helper()
	namespace := newNamespaceID()
	c.call(t, "CreateNamespace",
		object{"NamespaceId": namespace, "NamespaceName": "scratch", "NamespaceDescription": ""})
	defer c.call(t, "DeleteNamespace", object{"NamespaceId": namespace})
	body(namespace)
}

// How many tests passed and did not, for the runner. A skipped test is a client that was not tried.
var passed, failed atomic.Int64

func it(t *testing.T, title string, body func(*testing.T)) {
	t.Run(title, func(t *testing.T) {
		t.Cleanup(func() {
			if t.Failed() || t.Skipped() {
				failed.Add(1)
			} else {
				passed.Add(1)
			}
		})
		body(t)
	})
}

func TestMain(m *testing.M) {
	status := m.Run()
	counts := fmt.Sprintf("%d %d\n", passed.Load(), failed.Load())
	if err := os.WriteFile(os.Getenv("COUNTS"), []byte(counts), 0o600); err != nil {
		panic(err)
	}
	os.Exit(status)
}
