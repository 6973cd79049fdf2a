package clients

// The life of secrets and namespaces, and the refusals, through whichever way of calling it is given. The suites of the
// other languages run the same scenarios; the values and the errors stand in expectations.json for all.

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	opaque = "Opaque"
	docker = "kubernetes.io/dockerconfigjson"
	tls    = "kubernetes.io/tls"
)

type data = map[string]string

var lives = map[string]struct {
	kind          string
	first, second data
}{
	"opaque": {opaque, expected.Values, data{"other": "value", "plain": "changed"}},
	"docker": {docker, dockerConfig(expected.DockerConfig), dockerConfig(expected.DockerConfigChanged)},
	"tls": {
		tls,
		data{"tls.crt": certificate, "tls.key": privateKey},
		data{"tls.crt": base64Of(certificate), "tls.key": base64Of(privateKey)},
	},
}

func scenarios(t *testing.T, way way) {
	dev := way.as("dev")
	t.Run("secrets", func(t *testing.T) { secrets(t, dev) })
	t.Run("refusals", func(t *testing.T) { refusals(t, dev) })
	t.Run("namespaces", func(t *testing.T) { namespaces(t, dev) })
}

func without(whole object, names ...string) object {
	rest := object{}
	for name, value := range whole {
		if !slices.Contains(names, name) {
			rest[name] = value
		}
	}
	return rest
}

func members(list []any, name string) []any {
	found := []any{}
	for _, entry := range list {
		found = append(found, entry.(object)[name])
	}
	return found
}

func secrets(t *testing.T, dev cloud) {
	standing := expected.Namespaces.Standing

	for life, secret := range lives {
		it(t, "create, update, describe, list, delete: "+life, func(t *testing.T) {
			dev.inNamespace(t, func(namespace string) {
				liveOn(t, dev, namespace, "registry-auth_"+life, secret.kind, secret.first, secret.second)
			})
		})
	}

	for key, value := range expected.Values {
		it(t, "a value comes back as it was sent: "+key, func(t *testing.T) {
			// A second key, for a map with the one key SecretData is by rule an envelope and not a secret.
			sent := data{key: value, "beside": "it"}
			id := dev.create(t, standing, "value", sent, opaque)
			defer dev.remove(t, standing, id)
			assertEqual(t, sent, dev.describe(t, standing, id)["SecretData"])
		})
	}

	it(t, "a value of 60 KiB", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			assertEqual(t, 60*1024, len(largeValue))
			id := dev.create(t, namespace, "large", data{"k": largeValue}, opaque)
			assertEqual(t, data{"k": largeValue}, dev.describe(t, namespace, id)["SecretData"])
			changed := []byte(largeValue)
			slices.Reverse(changed)
			update := object{"NamespaceId": namespace, "SecretId": id, "SecretData": data{"k": string(changed)}}
			dev.call(t, "UpdateSecret", update)
			assertEqual(t, data{"k": string(changed)}, dev.describe(t, namespace, id)["SecretData"])
		})
	})

	it(t, "a list is in the order of the ids", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			names, ids := []string{"zeta", "alpha", "Mid_dle"}, []int64{}
			for _, name := range names {
				ids = append(ids, dev.create(t, namespace, name, data{"k": "v"}, opaque))
			}
			assertEqual(t, true, ids[0] < ids[1] && ids[1] < ids[2])
			listed := dev.list(t, namespace)
			assertEqual(t, ids, members(listed, "SecretId"))
			assertEqual(t, names, members(listed, "SecretName"))
		})
	})

	it(t, "a name is free after deletion and an id never is", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			first := dev.create(t, namespace, "again", data{"k": "v"}, opaque)
			dev.remove(t, namespace, first)
			assertEqual(t, true, dev.create(t, namespace, "again", data{"k": "v"}, opaque) > first)
		})
	})

	it(t, "a name is taken once in a namespace", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			dev.create(t, namespace, "taken", data{"k": "v"}, opaque)
			dev.refused(t, "SecretNameConflict.AlreadyExist", &[]string{"taken"}, "CreateSecret",
				creation(namespace, "taken", data{"k": "v"}, opaque))
			// Elsewhere it is free.
			dev.remove(t, standing, dev.create(t, standing, "taken", data{"k": "v"}, opaque))
		})
	})

	it(t, "the default namespace holds secrets", func(t *testing.T) {
		namespace := expected.Namespaces.Default
		id := dev.create(t, namespace, "in_default", data{"k": "v"}, opaque)
		assertEqual(t, namespace, dev.describe(t, namespace, id)["NamespaceId"])
		assertEqual(t, []int64{id}, members(dev.list(t, namespace), "SecretId"))
		dev.remove(t, namespace, id)
		assertEqual(t, []any{}, dev.list(t, namespace))
	})

	it(t, "a secret is not found from another namespace", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			id := dev.create(t, namespace, "mine", data{"k": "v"}, opaque)
			elsewhere := object{"NamespaceId": standing, "SecretId": id}
			changed := object{"NamespaceId": standing, "SecretId": id, "SecretData": data{"k": "w"}}
			arguments := &[]string{toJSON(id)}
			dev.refused(t, "InvalidSecretId.NotFound", arguments, "DescribeSecret", elsewhere)
			dev.refused(t, "InvalidSecretId.NotFound", arguments, "UpdateSecret", changed)
			dev.refused(t, "InvalidSecretId.NotFound", arguments, "DeleteSecret", elsewhere)
			assertEqual(t, data{"k": "v"}, dev.describe(t, namespace, id)["SecretData"])
		})
	})

	it(t, "the quota of a namespace", func(t *testing.T) {
		tiny := expected.Namespaces.Tiny
		// Emptied on both sides, so that a failure does not spread.
		empty := func() {
			for _, id := range members(dev.list(t, tiny), "SecretId") {
				dev.remove(t, tiny, number(t, id))
			}
		}
		empty()
		defer empty()
		only := dev.create(t, tiny, "only", data{"k": "v"}, opaque)
		second := creation(tiny, "second", data{"k": "v"}, opaque)
		dev.refused(t, "QuotaExceeded.SecretInNamespace", nil, "CreateSecret", second)
		assertEqual(t, []int64{only}, members(dev.list(t, tiny), "SecretId"))
		dev.remove(t, tiny, only)
		dev.call(t, "CreateSecret", second)
	})

	it(t, "a docker config whose auth contradicts its password", func(t *testing.T) {
		dev.refused(t, "InvalidParameter.WithMessage", nil, "CreateSecret",
			creation(standing, "refused", dockerConfig(expected.DockerConfigContradicting), docker))
	})

	it(t, "an update must keep the key that the type requires", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			config := dockerConfig(expected.DockerConfig)
			id := dev.create(t, namespace, "registry", config, docker)
			update := object{"NamespaceId": namespace, "SecretId": id, "SecretData": data{"config.json": "e30="}}
			dev.refused(t, "InvalidSecretDataKey.NotFound", &[]string{".dockerconfigjson", "registry"},
				"UpdateSecret", update)
			assertEqual(t, config, dev.describe(t, namespace, id)["SecretData"])
		})
	})

	it(t, "a certificate needs its private key", func(t *testing.T) {
		dev.refused(t, "InvalidSecretDataKey.NotFound", &[]string{"tls.key", "refused"}, "CreateSecret",
			creation(standing, "refused", data{"tls.crt": certificate}, tls))
		dev.refused(t, "InvalidParameter.WithMessage", nil, "CreateSecret",
			creation(standing, "refused", data{"tls.crt": certificate, "tls.key": certificate}, tls))
	})
}

func liveOn(t *testing.T, dev cloud, namespace, name, kind string, first, second data) {
	t.Helper()
	id := dev.create(t, namespace, name, first, kind)
	assertEqual(t, true, id > 0)

	created := dev.describe(t, namespace, id)
	assertEqual(t, object{
		"NamespaceId": namespace,
		"SecretId":    id,
		"SecretName":  name,
		"SecretType":  kind,
		"SecretData":  first,
		"RelateApps":  []any{},
	}, without(created, "CreateTime", "UpdateTime"))
	// Within a minute of our own clock only if the unit is milliseconds.
	age := time.Since(time.UnixMilli(number(t, created["CreateTime"])))
	assertEqual(t, true, age.Abs() < time.Minute)
	assertEqual(t, created["CreateTime"], created["UpdateTime"])

	// So that a moved UpdateTime shows even on a coarse clock.
	time.Sleep(5 * time.Millisecond)
	reply := dev.call(t, "UpdateSecret", object{"NamespaceId": namespace, "SecretId": id, "SecretData": second})
	assertEqual(t, object{"SecretId": id}, reply["Data"])

	updated := dev.describe(t, namespace, id)
	assertEqual(t, true, number(t, updated["UpdateTime"]) > number(t, created["UpdateTime"]))
	// An update replaces the whole map: no key of the first may be left.
	assertEqual(t, second, updated["SecretData"])
	assertEqual(t, without(created, "SecretData", "UpdateTime"), without(updated, "SecretData", "UpdateTime"))

	// A list shows all but the values.
	assertEqual(t, []any{without(updated, "SecretData")}, dev.list(t, namespace))

	assertEqual(t, object{"SecretId": id}, dev.remove(t, namespace, id)["Data"])
	assertEqual(t, []any{}, dev.list(t, namespace))
	gone := object{"NamespaceId": namespace, "SecretId": id}
	dev.refused(t, "InvalidSecretId.NotFound", &[]string{toJSON(id)}, "DescribeSecret", gone)
}

func refusals(t *testing.T, dev cloud) {
	for _, each := range expected.Refusals {
		it(t, each.Title, func(t *testing.T) {
			before := dev.list(t, expected.Namespaces.Standing)
			dev.refused(t, each.Code, each.Arguments, each.Operation, each.Parameters)
			assertEqual(t, before, dev.list(t, expected.Namespaces.Standing))
		})
	}
}

func namespaces(t *testing.T, dev cloud) {
	for _, identifier := range []string{"NamespaceId", "NameSpaceShortId"} {
		it(t, "create, describe, update, delete by "+identifier, func(t *testing.T) { namespaceBy(t, dev, identifier) })
	}

	it(t, "a namespace of the world", func(t *testing.T) {
		standing := expected.Namespaces.Standing
		found := dev.call(t, "DescribeNamespace", object{"NamespaceId": standing})["Data"].(object)
		assertEqual(t, standing, found["NamespaceId"])
		assertEqual(t, "test", found["NamespaceName"])
		assertEqual(t, "", found["NamespaceDescription"])
	})

	it(t, "deletion takes the secrets along", func(t *testing.T) {
		namespace := newNamespaceID()
		named := object{"NamespaceId": namespace}
		again := object{"NamespaceId": namespace, "NamespaceName": "short-lived", "NamespaceDescription": ""}
		dev.call(t, "CreateNamespace", again)
		id := dev.create(t, namespace, "inside", data{"k": "v"}, opaque)
		dev.call(t, "DeleteNamespace", named)
		dev.refused(t, "InvalidNamespaceId.NotFound", &[]string{}, "ListSecrets", named)

		// And a namespace that is made anew under the same id does not bring them back.
		dev.call(t, "CreateNamespace", again)
		assertEqual(t, []any{}, dev.list(t, namespace))
		gone := object{"NamespaceId": namespace, "SecretId": id}
		dev.refused(t, "InvalidSecretId.NotFound", &[]string{toJSON(id)}, "DescribeSecret", gone)
		dev.call(t, "DeleteNamespace", named)
	})

	it(t, "pages of namespaces", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			const size = 2
			var found []any
			for page, total := 1, int64(1); int64(len(found)) < total; page++ {
				reply := dev.call(t, "DescribeNamespaces", object{"CurrentPage": page, "PageSize": size})
				listed := reply["Data"].(object)
				assertEqual(t, page, listed["CurrentPage"])
				assertEqual(t, size, listed["PageSize"])
				total = number(t, listed["TotalSize"])
				entries := listed["Namespaces"].([]any)
				assertEqual(t, min(size, total-int64(len(found))), len(entries))
				found = append(found, entries...)
			}
			ids := members(found, "NamespaceId")
			for _, id := range []string{expected.Namespaces.Standing, expected.Namespaces.Tiny, namespace} {
				assertEqual(t, true, slices.Contains(ids, any(id)))
			}
			slices.SortFunc(ids, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			assertEqual(t, len(found), len(slices.Compact(ids)))
			entry := found[slices.Index(members(found, "NamespaceId"), any(namespace))].(object)
			assertEqual(t, "scratch", entry["NamespaceName"])
			assertEqual(t, "", entry["NamespaceDescription"])
			assertEqual(t, region, entry["RegionId"])
		})
	})

	it(t, "the list starts with the default namespace", func(t *testing.T) {
		dev.inNamespace(t, func(namespace string) {
			// Serverless Devs asks without parameters and takes the first entry.
			bare := dev.call(t, "DescribeNamespaceList", object{})["Data"].([]any)[0].(object)
			assertEqual(t, expected.Namespaces.Default, bare["NamespaceId"])
			assertEqual(t, region, bare["RegionId"])

			all := object{"ContainCustom": true, "HybridCloudExclude": true}
			complete := dev.call(t, "DescribeNamespaceList", all)["Data"].([]any)
			ids, names := members(complete, "NamespaceId"), members(complete, "NamespaceName")
			assertEqual(t, expected.Namespaces.Default, ids[0])
			assertEqual(t, "test", names[slices.Index(ids, any(expected.Namespaces.Standing))])
			assertEqual(t, "scratch", names[slices.Index(ids, any(namespace))])
		})
	})

	it(t, "regions", func(t *testing.T) {
		served := dev.call(t, "DescribeRegions", object{})["Regions"].(object)["Region"].([]any)
		ids := members(served, "RegionId")
		slices.SortFunc(ids, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		assertEqual(t, expected.Regions, ids)
		for _, entry := range served {
			assertEqual(t, true, entry.(object)["LocalName"] != "" && entry.(object)["RegionEndpoint"] != "")
			assertEqual(t, object{"RecommendZone": []any{}}, entry.(object)["RecommendZones"])
		}
	})
}

func namespaceBy(t *testing.T, dev cloud, identifier string) {
	t.Helper()
	const name, description = "名 n+a*m~e & 100%", "說明 = \"quoted\" #1"
	id := newNamespaceID()
	_, short, _ := strings.Cut(id, ":")
	named := object{identifier: map[string]string{"NamespaceId": id, "NameSpaceShortId": short}[identifier]}
	with := func(name, description string) object {
		return object{identifier: named[identifier], "NamespaceName": name, "NamespaceDescription": description}
	}
	expect := func(reply object, name, description string) {
		t.Helper()
		found := reply["Data"].(object)
		if micro, has := found["EnableMicroRegistration"]; has {
			_, isBoolean := micro.(bool)
			assertEqual(t, true, isBoolean)
		}
		assertEqual(t, object{
			"NamespaceId":          id,
			"NameSpaceShortId":     short,
			"NamespaceName":        name,
			"NamespaceDescription": description,
			"RegionId":             region,
		}, without(found, "EnableMicroRegistration"))
	}

	expect(dev.call(t, "CreateNamespace", with(name, "")), name, "")
	expect(dev.call(t, "DescribeNamespace", named), name, "")

	expect(dev.call(t, "UpdateNamespace", with("plain", description)), "plain", description)
	expect(dev.call(t, "DescribeNamespace", named), "plain", description)

	resources := dev.call(t, "DescribeNamespaceResources", named)["Data"].(object)
	assertEqual(t, id, resources["NamespaceId"])
	assertEqual(t, "plain", resources["NamespaceName"])
	assertEqual(t, description, resources["Description"])
	assertEqual(t, region, resources["BelongRegion"])
	assertEqual(t, 0, resources["AppCount"])

	deleted := dev.call(t, "DeleteNamespace", named)
	if left, has := deleted["Data"]; has {
		t.Fatalf("a deletion with the data %v", left)
	}
	dev.refused(t, "InvalidNamespaceId.NotFound", &[]string{}, "DescribeNamespace", named)
}
