package clients

// Who may call: what a program is told when its key, its clock or its rights are wrong.

import (
	"crypto/rand"
	"fmt"
	"testing"
)

func callers(t *testing.T, way way) {
	listing := object{"NamespaceId": expected.Namespaces.Standing}
	secret := creation(expected.Namespaces.Standing, "unwelcome", data{"k": "v"}, opaque)
	isKnown := func(caller string) bool {
		_, known := expected.Callers[caller][way.key]
		return known
	}
	assertEmpty := func(t *testing.T, as cloud) {
		t.Helper()
		assertEqual(t, []any{}, as.list(t, expected.Namespaces.Standing))
	}

	for _, each := range expected.CallerRefusals {
		if !isKnown(each.Caller) {
			continue
		}
		it(t, each.Title, func(t *testing.T) {
			way.withClock(t, each.ClockSeconds, each.Caller, func(t *testing.T, refused cloud) {
				refused.gatewayRefused(t, each.Code, "CreateSecret", secret)
			})
			assertEmpty(t, way.as("dev"))
		})
	}

	for _, minutes := range []int{-14, 14} {
		it(t, fmt.Sprintf("a clock that is almost right: %d minutes", minutes), func(t *testing.T) {
			way.withClock(t, minutes*60, "dev", assertEmpty)
		})
	}

	it(t, "a nonce counts once", func(t *testing.T) {
		nonce := map[string]string{"x-acs-signature-nonce": rand.Text()}
		// A signature that is not right must not use it up.
		way.as("forger").gatewayRefused(t, "SignatureDoesNotMatch", "ListSecrets", listing, nonce)
		way.as("dev").call(t, "ListSecrets", listing, nonce)
		way.as("dev").gatewayRefused(t, "SignatureNonceUsed", "ListSecrets", listing, nonce)
		// Another key may happen to use the same one.
		way.as("reader").call(t, "ListSecrets", listing, nonce)
	})

	for _, each := range expected.Denials {
		if !isKnown(each.Caller) {
			continue
		}
		it(t, "denied actions: "+each.Caller, func(t *testing.T) {
			denied := way.as(each.Caller)
			told := denied.gatewayRefused(t, "NoPermission", "CreateSecret", secret)
			assertEqual(t, object{
				"AuthAction":               "sae:CreateSecret",
				"AuthPrincipalDisplayName": each.Principal,
				"AuthPrincipalOwnerId":     expected.Account,
				"AuthPrincipalType":        each.PrincipalType,
				"NoPermissionType":         each.Kind,
				"PolicyType":               "AccountLevelIdentityBasedPolicy",
			}, told.accessDenied)
			assertEmpty(t, denied)
		})
	}
}
