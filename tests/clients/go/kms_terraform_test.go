package clients

// The requests of Terraform's provider for a secret, in its order: booleans as such, tags by number, an old version put
// once more, both parameters of a deletion at once.

import (
	"fmt"
	"maps"
	"testing"
)

func kmsTerraform(t *testing.T, dev kmsCloud) {
	name := fmt.Sprintf("t%d/terraform", serial.Add(1))
	named := object{"SecretName": name}
	absent := []string{"Forbidden.ResourceNotFound", "Resource not found"}
	deletion := with(named, object{"ForceDeleteWithoutRecovery": "true", "RecoveryWindowInDays": "30"})
	first := with(named, object{"VersionId": "v1", "SecretData": "first", "SecretDataType": "text"})

	created := dev.call(t, "create", "CreateSecret", with(first, object{
		"SecretType": "Generic", "Description": "by Terraform", "EnableAutomaticRotation": false,
		"Tags": []any{object{"TagKey": "Created", "TagValue": "TF"}},
	}))
	assertLike(t, "create", object{
		"SecretName": name, "Arn": fmt.Sprintf("acs:kms:%s:%s:secret/%s", region, expected.Account, name),
	}, created)
	read := func(where, version, data, description string, stages ...any) {
		t.Helper()
		described := dev.call(t, where, "DescribeSecret", named)
		assertLike(t, where, object{"SecretName": name, "SecretType": "Generic", "Description": description}, described)
		// What was not asked for would make every plan a replacement.
		for _, unasked := range []string{"EncryptionKeyId", "DKMSInstanceId"} {
			if value, has := described[unasked]; has {
				t.Fatalf("%s: there is %s: %v", where, unasked, value)
			}
		}
		value := dev.call(t, where, "GetSecretValue", with(named, object{"VersionId": version}))
		assertLike(t, where, object{
			"SecretData": data, "SecretDataType": "text", "VersionId": version,
			"VersionStages": object{"VersionStage": stages},
		}, value)
		tags := dev.call(t, where, "ListTagResources",
			object{"RegionId": region, "ResourceType": "secret", "ResourceId": []any{name}})
		row := object{"ResourceId": name, "ResourceType": "secret", "TagKey": "Created", "TagValue": "TF"}
		assertLike(t, where, object{"TagResources": object{"TagResource": []any{row}}}, tags)
	}
	read("created", "v1", "first", "by Terraform", "ACSCurrent")
	dev.call(t, "the same version", "PutSecretValue", first)
	read("the same version", "v1", "first", "by Terraform", "ACSCurrent")
	dev.call(t, "another version", "PutSecretValue", with(named, object{
		"VersionId": "v2", "SecretData": "second", "VersionStages": []any{"ACSCurrent", "ACSNext"},
	}))
	read("another version", "v2", "second", "by Terraform", "ACSCurrent", "ACSNext")
	dev.call(t, "no description", "UpdateSecret", with(named, object{"Description": ""}))
	read("no description", "v1", "first", "", "ACSPrevious")
	dev.refused(t, "rotation", "UpdateSecretRotationPolicy",
		with(named, object{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}),
		[]string{"UnsupportedOperation", "This action is not supported."})
	dev.call(t, "delete", "DeleteSecret", deletion)
	dev.refused(t, "deleted", "DescribeSecret", named, absent)
	dev.refused(t, "deleted", "DeleteSecret", deletion, absent)

	// A managed one, under the same name.
	dev.call(t, "managed", "CreateSecret", with(kmsRds, with(named, object{"EnableAutomaticRotation": false})))
	dev.call(t, "managed", "UpdateSecretRotationPolicy",
		with(named, object{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
	assertLike(t, "managed", object{"AutomaticRotation": "Enabled", "RotationInterval": "605800s"},
		dev.call(t, "managed", "DescribeSecret", named))
	dev.call(t, "managed", "DeleteSecret", deletion)
	dev.refused(t, "managed", "DescribeSecret", named, absent)
}

// The same with other members.
func with(whole, members object) object {
	all := maps.Clone(whole)
	maps.Copy(all, members)
	return all
}
