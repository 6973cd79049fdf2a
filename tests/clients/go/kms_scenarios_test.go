package clients

// The life of KMS's secrets and keys, and the refusals, through whichever way of calling it is given. The suites of the
// other languages run the like.

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

func kmsScenarios(t *testing.T, way kmsWay) {
	dev := way.as("dev")
	it(t, "a secret's life", func(t *testing.T) { kmsLife(t, dev) })
	it(t, "deletion and what it stops", func(t *testing.T) { kmsDeletion(t, dev) })
	it(t, "values come back as they were", func(t *testing.T) { kmsValues(t, dev) })
	it(t, "a secret that KMS rotates", func(t *testing.T) { kmsManaged(t, dev) })
	it(t, "keys", func(t *testing.T) { kmsKeys(t, dev) })
	it(t, "a secret under a key", func(t *testing.T) { kmsUnderKey(t, dev) })
	it(t, "tags", func(t *testing.T) { kmsTags(t, dev) })
	it(t, "random passwords", func(t *testing.T) { kmsPasswords(t, dev) })
	kmsRefusals(t, dev)
	kmsCallers(t, way)
	if way.untyped {
		it(t, "what Terraform does with a secret", func(t *testing.T) { kmsTerraform(t, dev) })
		it(t, "several secrets at once", func(t *testing.T) { kmsBatch(t, dev) })
	}
}

func kmsLife(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	named := object{"SecretName": name}
	created := dev.call(t, "CreateSecret", with(kmsSecret(name, "v1", "first"), object{
		"Description": "äöü & <x>", "Tags": toJSON([]object{{"TagKey": "env", "TagValue": "a/b_c-d.e+f=g:h@i"}}),
	}))
	assertHas(t, object{
		"SecretName": name, "VersionId": "v1", "SecretType": "Generic", "Arn": kmsARN("secret", name),
		"AutomaticRotation": "", "ExtendedConfig": "", "DKMSInstanceId": "",
	}, created)
	first := dev.call(t, "GetSecretValue", named)
	assertHas(t, object{
		"SecretName": name, "SecretType": "Generic", "SecretData": "first", "SecretDataType": "text", "VersionId": "v1",
		"VersionStages": stages("ACSCurrent"), "AutomaticRotation": "", "RotationInterval": "",
	}, first)
	assertTimes(t, first, "CreateTime")

	second := kmsSecret(name, "v2", "second")
	assertHas(t, object{"SecretName": name, "VersionId": "v2", "VersionStages": stages("ACSCurrent")},
		dev.call(t, "PutSecretValue", second))
	// The same once more is no new version.
	dev.call(t, "PutSecretValue", second)
	third := with(kmsSecret(name, "v3", "third"), object{"VersionStages": toJSON([]string{"next"})})
	assertHas(t, object{"VersionStages": stages("next")}, dev.call(t, "PutSecretValue", third))

	for _, each := range []struct{ by, label, data string }{
		{"VersionStage", "ACSCurrent", "second"},
		{"VersionStage", "ACSPrevious", "first"},
		{"VersionStage", "next", "third"},
		{"VersionId", "v1", "first"},
	} {
		value := dev.call(t, "GetSecretValue", with(named, object{each.by: each.label}))
		assertHas(t, object{"SecretData": each.data}, value)
	}

	dev.call(t, "UpdateSecretVersionStage", with(named, object{"VersionStage": "ACSCurrent", "MoveToVersion": "v1"}))
	dev.call(t, "UpdateSecretVersionStage", with(named, object{"VersionStage": "next", "RemoveFromVersion": "v3"}))
	assertHas(t, object{"VersionId": "v1", "SecretData": "first"}, dev.call(t, "GetSecretValue", named))
	listed := func(deprecated string) map[any]any {
		reply := dev.call(t, "ListSecretVersionIds",
			with(named, object{"IncludeDeprecated": deprecated, "PageNumber": 1, "PageSize": 50}))
		assertHas(t, object{"SecretName": name, "PageNumber": 1, "PageSize": 50}, reply)
		found := map[any]any{}
		for _, version := range reply["VersionIds"].(object)["VersionId"].([]any) {
			assertTimes(t, version.(object), "CreateTime")
			labels, _ := version.(object)["VersionStages"].(object)["VersionStage"].([]any)
			found[version.(object)["VersionId"]] = labels
		}
		assertEqual(t, reply["TotalCount"], len(found))
		return found
	}
	assertVersions := func(want map[string][]string, got map[any]any) {
		t.Helper()
		have := map[string]any{}
		for version, labels := range got {
			have[version.(string)] = append([]any{}, labels.([]any)...)
		}
		assertEqual(t, want, have)
	}
	standing := map[string][]string{"v1": {"ACSCurrent"}, "v2": {"ACSPrevious"}}
	assertVersions(standing, listed("false"))
	standing["v3"] = []string{}
	assertVersions(standing, listed("true"))

	dev.call(t, "UpdateSecret", with(named, object{"Description": "changed"}))
	described := dev.call(t, "DescribeSecret", with(named, object{"FetchTags": "true"}))
	assertHas(t, object{
		"Arn": kmsARN("secret", name), "SecretName": name, "SecretType": "Generic", "Description": "changed",
		"EncryptionKeyId": "", "DKMSInstanceId": "", "PlannedDeleteTime": "", "AutomaticRotation": "",
	}, described)
	assertEqual(t, object{"env": "a/b_c-d.e+f=g:h@i"}, tagsOf(described))
	assertTimes(t, described, "CreateTime", "UpdateTime")

	// An ARN will do for a name.
	byARN := dev.call(t, "GetSecretValue", object{"SecretName": kmsARN("secret", name), "VersionId": "v2"})
	assertHas(t, object{"SecretName": name, "SecretData": "second"}, byARN)
	found := dev.call(t, "ListSecrets", object{
		"FetchTags": "true", "PageNumber": 1, "PageSize": 10,
		"Filters": toJSON([]object{{"Key": "SecretName", "Values": []string{name}}}),
	})
	assertHas(t, object{"PageNumber": 1, "PageSize": 10, "TotalCount": 1}, found)
	entry := found["SecretList"].(object)["Secret"].([]any)[0].(object)
	assertHas(t, object{"SecretName": name, "SecretType": "Generic"}, entry)
	assertEqual(t, object{"env": "a/b_c-d.e+f=g:h@i"}, tagsOf(entry))
	none := dev.call(t, "ListSecrets", object{"Filters": toJSON([]object{{"Key": "SecretName", "Values": []string{"no"}}})})
	assertHas(t, object{"TotalCount": 0}, none)
	dev.remove(t, name)
}

func tagsOf(reply object) object {
	found := object{}
	for _, tag := range reply["Tags"].(object)["Tag"].([]any) {
		found[tag.(object)["TagKey"].(string)] = tag.(object)["TagValue"]
	}
	return found
}

func kmsDeletion(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	named := object{"SecretName": name}
	secret := kmsSecret(name, "v1", "kept")
	dev.call(t, "CreateSecret", secret)
	dev.refused(t, restoredNormal, "RestoreSecret", named)
	deleted := dev.call(t, "DeleteSecret", with(named, object{"RecoveryWindowInDays": "7"}))
	assertHas(t, named, deleted)
	assertTimes(t, deleted, "PlannedDeleteTime")

	dev.refused(t, toBeDeleted, "CreateSecret", secret)
	dev.refused(t, inPeroid, "GetSecretValue", named)
	dev.refused(t, inPeroid, "PutSecretValue", kmsSecret(name, "v2", "other"))
	dev.refused(t, inPeroid, "UpdateSecret", with(named, object{"Description": "other"}))
	dev.refused(t, inPeroid, "DeleteSecret", named)
	described := dev.call(t, "DescribeSecret", named)
	assertHas(t, object{"PlannedDeleteTime": deleted["PlannedDeleteTime"]}, described)

	assertHas(t, named, dev.call(t, "RestoreSecret", named))
	assertHas(t, object{"SecretData": "kept"}, dev.call(t, "GetSecretValue", named))
	dev.remove(t, name)
	dev.refused(t, resourceNotFoundStop, "GetSecretValue", named)
	dev.refused(t, resourceNotFound, "DescribeSecret", named)
	dev.refused(t, resourceNotFound, "RestoreSecret", named)
	// The name is free again.
	dev.call(t, "CreateSecret", secret)
	dev.remove(t, name)
}

func kmsValues(t *testing.T, dev kmsCloud) {
	var all []string
	for _, value := range expected.Values {
		all = append(all, value)
	}
	slices.Sort(all)
	for data, kind := range map[string]string{
		strings.Join(all, "\n"):                 "text",
		"  " + all[len(all)-1] + "\r\n\rend\t ": "text",
		"no base64, though it is called binary": "binary",
		strings.Repeat("0123456789", 3072):      "text",
	} {
		name := newSecretName()
		dev.call(t, "CreateSecret", with(kmsSecret(name, "版本 1", data), object{"SecretDataType": kind}))
		value := dev.call(t, "GetSecretValue", object{"SecretName": name, "VersionId": "版本 1"})
		assertHas(t, object{"SecretData": data, "SecretDataType": kind, "VersionId": "版本 1"}, value)
		dev.remove(t, name)
	}
}

func kmsManaged(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	named := object{"SecretName": name}
	account := toJSON(object{"AccountName": "app", "AccountPassword": "test-only"})
	managed := with(kmsSecret(name, "v1", `{"Accounts":[`+account+`]}`), object{
		"SecretType":              "Rds",
		"ExtendedConfig":          object{"SecretSubType": "SingleUser", "DBInstanceId": "rm-test", "CustomData": object{}},
		"EnableAutomaticRotation": true, "RotationInterval": "7d",
	})
	enabled := object{"SecretType": "Rds", "AutomaticRotation": "Enabled", "RotationInterval": "604800s"}
	created := dev.call(t, "CreateSecret", managed)
	assertHas(t, enabled, created)
	assertTimes(t, created, "NextRotationDate")

	value := dev.call(t, "GetSecretValue", with(named, object{"FetchExtendedConfig": true}))
	assertHas(t, enabled, value)
	assertEqual(t, must(parse[any](account)), must(parse[any](value["SecretData"].(string))))
	config := must(parse[object](value["ExtendedConfig"].(string)))
	assertHas(t, object{"SecretSubType": "SingleUser", "DBInstanceId": "rm-test"}, config)
	assertHas(t, object{"ExtendedConfig": ""}, dev.call(t, "GetSecretValue", named))

	dev.call(t, "UpdateSecretRotationPolicy", with(named, object{"EnableAutomaticRotation": false}))
	off := dev.call(t, "DescribeSecret", named)
	assertHas(t, object{"AutomaticRotation": "Disabled", "RotationInterval": "", "NextRotationDate": ""}, off)
	dev.call(t, "UpdateSecretRotationPolicy",
		with(named, object{"EnableAutomaticRotation": true, "RotationInterval": "605,800s"}))
	on := dev.call(t, "DescribeSecret", named)
	assertHas(t, object{"AutomaticRotation": "Enabled", "RotationInterval": "605800s"}, on)
	assertTimes(t, on, "NextRotationDate")
	dev.refused(t, invalid("RotationInterval"), "UpdateSecretRotationPolicy",
		with(named, object{"EnableAutomaticRotation": true, "RotationInterval": "5h"}))

	dev.call(t, "UpdateSecret", with(named, object{"ExtendedConfig": object{"CustomData": object{"城市": "北京", "n.m": ""}}}))
	config = must(parse[object](dev.call(t, "DescribeSecret", named)["ExtendedConfig"].(string)))
	assertEqual(t, object{"城市": "北京", "n.m": ""}, config["CustomData"])

	rotated := dev.call(t, "RotateSecret", with(named, object{"VersionId": "v2"}))
	assertHas(t, object{"Arn": kmsARN("secret", name), "SecretName": name, "VersionId": "v2"}, rotated)
	value = dev.call(t, "GetSecretValue", named)
	assertHas(t, object{"VersionId": "v2"}, value)
	assertTimes(t, value, "LastRotationDate")
	fresh := must(parse[object](value["SecretData"].(string)))
	assertHas(t, object{"AccountName": "app"}, fresh)
	if fresh["AccountPassword"] == "test-only" {
		t.Fatal("the password is still the old one")
	}
	dev.refused(t, unsupported, "PutSecretValue", kmsSecret(name, "v3", account))
	dev.remove(t, name)
}

func kmsKeys(t *testing.T, dev kmsCloud) {
	metadata := dev.call(t, "CreateKey", object{"Description": "made by a test"})["KeyMetadata"].(object)
	id := metadata["KeyId"].(string)
	key := object{"KeyId": id}
	assertHas(t, object{
		"Arn": kmsARN("key", id), "KeyState": "Enabled", "KeySpec": "Aliyun_AES_256", "KeyUsage": "ENCRYPT/DECRYPT",
		"Origin": "Aliyun_KMS", "Description": "made by a test",
	}, metadata)
	assertTimes(t, metadata, "CreationDate")
	alias := "alias/made-by-a-test-" + id
	dev.call(t, "CreateAlias", object{"KeyId": id, "AliasName": alias})
	listed := dev.call(t, "ListAliasesByKeyId", key)
	assertHas(t, object{"TotalCount": 1}, listed)
	assertHas(t, object{"KeyId": id, "AliasName": alias, "AliasArn": kmsARN("", "")[:len(kmsARN("", ""))-1] + alias},
		listed["Aliases"].(object)["Alias"].([]any)[0].(object))
	dev.call(t, "UpdateKeyDescription", object{"KeyId": id, "Description": "<&>"})
	described := dev.call(t, "DescribeKey", object{"KeyId": alias})["KeyMetadata"].(object)
	assertHas(t, object{"KeyId": id, "Description": "<&>"}, described)

	text := base64.StdEncoding.EncodeToString([]byte("secret \x00\xff"))
	context := object{"a": "b c", "é": "中<>"}
	encrypted := dev.call(t, "Encrypt", object{"KeyId": alias, "Plaintext": text, "EncryptionContext": context})
	assertHas(t, object{"KeyId": id, "KeyVersionId": metadata["PrimaryKeyVersion"]}, encrypted)
	sealed := object{"CiphertextBlob": encrypted["CiphertextBlob"], "EncryptionContext": context}
	decrypted := dev.call(t, "Decrypt", sealed)
	assertHas(t, object{"Plaintext": text, "KeyId": id}, decrypted)
	dev.refused(t, kmsError{400, "InvalidParameter", "The specified parameter is not valid. %s"}, "Decrypt",
		with(sealed, object{"EncryptionContext": object{"a": "another"}}))
	data := dev.call(t, "GenerateDataKey", object{"KeyId": id, "NumberOfBytes": 48})
	assertEqual(t, 48, len(must(base64.StdEncoding.DecodeString(data["Plaintext"].(string)))))
	opened := dev.call(t, "Decrypt", object{"CiphertextBlob": data["CiphertextBlob"]})
	assertHas(t, object{"Plaintext": data["Plaintext"], "KeyId": id}, opened)

	dev.call(t, "TagResource", object{"KeyId": id, "Tags": toJSON([]object{{"TagKey": "k", "TagValue": "v"}})})
	assertEqual(t, object{"k": "v"}, tagsOf(dev.call(t, "ListResourceTags", key)))

	dev.call(t, "DisableKey", key)
	dev.refused(t, keyState("Disabled"), "Decrypt", sealed)
	dev.call(t, "EnableKey", key)
	dev.call(t, "Decrypt", sealed)
	dev.call(t, "DeleteAlias", object{"AliasName": alias})
	dev.refused(t, kmsError{404, "Forbidden.AliasNotFound", "The specified Alias is not found."},
		"DescribeKey", object{"KeyId": alias})
	dev.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 7})
	dev.refused(t, keyState("PendingDeletion"), "Decrypt", sealed)
	pending := dev.call(t, "DescribeKey", key)["KeyMetadata"].(object)
	assertHas(t, object{"KeyState": "PendingDeletion"}, pending)
	assertTimes(t, pending, "DeleteDate")
	dev.call(t, "CancelKeyDeletion", key)
	dev.call(t, "Decrypt", sealed)
	dev.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 7})
}

func kmsUnderKey(t *testing.T, dev kmsCloud) {
	id := dev.call(t, "CreateKey", object{})["KeyMetadata"].(object)["KeyId"].(string)
	name := newSecretName()
	dev.call(t, "CreateSecret", with(kmsSecret(name, "v1", "sealed"), object{"EncryptionKeyId": id}))
	assertHas(t, object{"EncryptionKeyId": id}, dev.call(t, "DescribeSecret", object{"SecretName": name}))
	assertHas(t, object{"SecretData": "sealed"}, dev.call(t, "GetSecretValue", object{"SecretName": name}))
	dev.call(t, "DisableKey", object{"KeyId": id})
	dev.refused(t, keyState("Disabled"), "GetSecretValue", object{"SecretName": name})
	dev.remove(t, name)
	dev.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 7})
}

func kmsTags(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	named := object{"SecretName": name}
	dev.call(t, "CreateSecret", kmsSecret(name, "v1", "tagged"))
	standing := func() object { return tagsOf(dev.call(t, "DescribeSecret", with(named, object{"FetchTags": "true"}))) }
	dev.call(t, "TagResource", with(named, object{
		"Tags": toJSON([]object{{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}}),
	}))
	dev.call(t, "TagResource", with(named, object{"Tags": toJSON([]object{{"TagKey": "a", "TagValue": "2"}})}))
	assertEqual(t, object{"a": "2", "b": ""}, standing())
	dev.call(t, "UntagResource", with(named, object{"TagKeys": toJSON([]string{"b"})}))
	assertEqual(t, object{"a": "2"}, standing())

	resources := object{"RegionId": region, "ResourceType": "secret", "ResourceId": []any{name}}
	dev.call(t, "TagResources", with(resources, object{
		"Tag": []any{object{"Key": "c", "Value": "+"}, object{"Key": "d", "Value": "x/y:z@=."}},
	}))
	rows := func(more object) object {
		reply := dev.call(t, "ListTagResources", with(resources, more))
		assertHas(t, object{"NextToken": ""}, reply)
		found := object{}
		for _, row := range reply["TagResources"].(object)["TagResource"].([]any) {
			assertHas(t, object{"ResourceId": name, "ResourceType": "secret"}, row.(object))
			found[row.(object)["TagKey"].(string)] = row.(object)["TagValue"]
		}
		return found
	}
	assertEqual(t, object{"a": "2", "c": "+", "d": "x/y:z@=."}, rows(nil))
	assertEqual(t, object{"d": "x/y:z@=."}, rows(object{"Tag": []any{object{"Key": "d", "Value": "x/y:z@=."}}}))
	dev.call(t, "UntagResources", with(resources, object{"TagKey": []any{"c", "absent"}}))
	assertEqual(t, object{"a": "2", "d": "x/y:z@=."}, standing())
	dev.call(t, "UntagResources", with(resources, object{"All": true}))
	assertEqual(t, object{}, standing())
	dev.remove(t, name)
}

func kmsPasswords(t *testing.T, dev kmsCloud) {
	standard := dev.call(t, "GetRandomPassword", object{})
	assertEqual(t, 32, len(standard["RandomPassword"].(string)))
	digits := dev.call(t, "GetRandomPassword", object{
		"PasswordLength": "64", "ExcludeLowercase": "true", "ExcludeUppercase": "true", "ExcludePunctuation": "true",
		"ExcludeCharacters": "01",
	})["RandomPassword"].(string)
	if len(digits) != 64 || strings.Trim(digits, "23456789") != "" {
		t.Fatalf("not 64 of 2–9: %s", digits)
	}
}

// --- the refusals

// The specified parameter by name, and then what is wrong in the server's own words.
func invalid(name string) kmsError {
	return kmsError{400, "InvalidParameter", "The specified parameter is not valid. " + name + ": %s"}
}

func someInvalid(name string) kmsError {
	return kmsError{400, "InvalidParameter", `some of the specified parameters "` + name + `" is not valid`}
}

func missing(name string) kmsError {
	return kmsError{400, "MissingParameter", `The parameter "` + name + `" needed but no provided.`}
}

func keyState(state string) kmsError {
	return kmsError{409, "Rejected." + state, "The request was rejected because the key state is " + state + "."}
}

// The misspelt ones are misspelt in the documentation, too.
var (
	unsupported          = kmsError{400, "UnsupportedOperation", "This action is not supported."}
	paramMismatch        = kmsError{400, "Rejected.InvalidRequest", "param mismatch"}
	resourceIsNotFound   = kmsError{404, "Forbidden.ResourceNotFound", "The resource is not found."}
	resourceNotFound     = kmsError{404, "Forbidden.ResourceNotFound", "Resource not found"}
	resourceNotFoundStop = kmsError{404, "Forbidden.ResourceNotFound", "Resource not found."}
	keyNotFound          = kmsError{404, "Forbidden.KeyNotFound", "The specified Key is not found."}
	resourceExists       = kmsError{409, "Rejected.ResourceExist", "The resource already exists."}
	versionExists        = kmsError{409, "Rejected.ResourceExist", "The request was rejected becasue key already exsit"}
	toBeDeleted          = kmsError{409, "Rejected.ResourceInDeleteWindow", "The secret is planned to be deleted."}
	inPeroid             = kmsError{409, "Rejected.ResourceInDeleteWindow", "secret in delete peroid"}
	restoredNormal       = kmsError{409, "Rejected.ResourceInUse", "restore normal secret"}
)

func kmsRefusals(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	named := object{"SecretName": name}
	absent := object{"SecretName": "absent"}
	fresh := kmsSecret("refused", "v1", "x")
	rds := with(fresh, object{
		"SecretType": "Rds", "ExtendedConfig": object{"SecretSubType": "SingleUser", "DBInstanceId": "rm-test"},
		"SecretData": `{"Accounts":[{"AccountName":"app","AccountPassword":"test-only"}]}`,
	})
	dev.call(t, "CreateSecret", kmsSecret(name, "v1", "standing"))
	for title, each := range map[string]struct {
		want       kmsError
		operation  string
		parameters object
	}{
		"no name":            {missing("SecretName"), "CreateSecret", without(fresh, "SecretName")},
		"no data":            {missing("SecretData"), "CreateSecret", without(fresh, "SecretData")},
		"no version":         {missing("VersionId"), "PutSecretValue", without(fresh, "VersionId")},
		"name with a space":  {invalid("SecretName"), "CreateSecret", with(fresh, object{"SecretName": "a b"})},
		"too much data":      {invalid("SecretData"), "CreateSecret", kmsSecret("refused", "v1", strings.Repeat("x", 30721))},
		"tags that are none": {invalid("Tags"), "CreateSecret", with(fresh, object{"Tags": `{"a":"b"}`})},
		"no configuration":   {invalid("ExtendedConfig"), "CreateSecret", without(rds, "ExtendedConfig")},
		"interval too short": {
			invalid("RotationInterval"), "CreateSecret",
			with(rds, object{"EnableAutomaticRotation": true, "RotationInterval": "5h"}),
		},
		"name taken":  {resourceExists, "CreateSecret", kmsSecret(name, "v2", "x")},
		"unknown key": {resourceIsNotFound, "CreateSecret", with(fresh, object{"EncryptionKeyId": "key-absent"})},
		"unknown instance": {
			kmsError{403, "Forbidden.DKMSInstanceNotFound", "The specified DKMS Instance is not found."},
			"CreateSecret", with(fresh, object{"DKMSInstanceId": "none"}),
		},
		"stages that are none":      {someInvalid("VersionStages"), "PutSecretValue", with(fresh, object{"SecretName": name, "VersionStages": "x"})},
		"version taken":             {versionExists, "PutSecretValue", kmsSecret(name, "v1", "other")},
		"put to no secret":          {resourceNotFound, "PutSecretValue", with(fresh, absent)},
		"value of no secret":        {resourceNotFoundStop, "GetSecretValue", absent},
		"no such version":           {resourceNotFoundStop, "GetSecretValue", with(named, object{"VersionId": "v9"})},
		"describe no secret":        {resourceNotFound, "DescribeSecret", absent},
		"delete no secret":          {resourceNotFound, "DeleteSecret", absent},
		"window too short":          {invalid("RecoveryWindowInDays"), "DeleteSecret", with(named, object{"RecoveryWindowInDays": "6"})},
		"rotate what is not its":    {unsupported, "RotateSecret", with(named, object{"VersionId": "v2"})},
		"stage is not there":        {paramMismatch, "UpdateSecretVersionStage", with(named, object{"VersionStage": "next", "RemoveFromVersion": "v1"})},
		"filter that is none":       {someInvalid("Filters"), "ListSecrets", object{"Filters": `{"Key":"SecretName"}`}},
		"password too short":        {someInvalid("PasswordLength"), "GetRandomPassword", object{"PasswordLength": "7"}},
		"describe no key":           {keyNotFound, "DescribeKey", object{"KeyId": "key-absent"}},
		"plaintext that is no text": {kmsError{400, "InvalidParameter", "The specified parameter is invalid.%s"}, "Encrypt", object{"KeyId": "key-absent", "Plaintext": "%"}},
		"tags of no secret": {
			kmsError{404, "InvalidResourceId.NotFound", "The specified ResourceId is not found."}, "TagResources",
			object{"RegionId": region, "ResourceType": "secret", "ResourceId": []any{"absent"},
				"Tag": []any{object{"Key": "k", "Value": "v"}}},
		},
	} {
		it(t, "refused: "+title, func(t *testing.T) { dev.refused(t, each.want, each.operation, each.parameters) })
	}
	if dev.way.untyped {
		it(t, "refused: no such operation", func(t *testing.T) {
			dev.refused(t, kmsError{
				404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.",
			}, "MakeSecret", named)
		})
	}
	dev.remove(t, name)
}

func kmsCallers(t *testing.T, way kmsWay) {
	unauthenticated := map[string]kmsError{
		"forger": {400, "SignatureDoesNotMatch",
			"Specified signature is not matched with our calculation. server string to sign is:%s"},
		"stranger": {404, "InvalidAccessKeyId.NotFound", "The Access Key ID provided does not exist in our records."},
		"retired":  {403, "Forbidden.AccessKey", "This AccessKey is not enabled."},
	}
	for caller, want := range unauthenticated {
		it(t, "refused: "+caller, func(t *testing.T) {
			way.as(caller).refused(t, want, "ListSecrets", object{})
		})
	}
	it(t, "a temporary key, and what a policy of the secret lets it do", func(t *testing.T) {
		dev, session := way.as("dev"), way.as("session")
		name := newSecretName()
		named := object{"SecretName": name}
		policy := toJSON(object{"Version": "1", "Statement": []object{{
			"Effect": "Allow", "Action": []string{"kms:GetSecretValue"}, "Resource": []string{"*"},
			"Principal": object{"RAM": []string{"acs:ram::" + expected.Account + ":user/reader"}},
		}}})
		setting := with(named, object{"Policy": policy, "PolicyName": "default"})
		dev.call(t, "CreateSecret", kmsSecret(name, "v1", "shared"))
		denied := kmsError{403, "Forbidden.NoPermission",
			"This operation for " + kmsARN("secret", name) + " is forbidden by permission system."}
		session.refused(t, denied, "GetSecretValue", named)
		if way.gets {
			dev.refused(t, kmsError{403, "UnsupportedHTTPMethod", "This http method is not supported."},
				"SetSecretPolicy", setting)
			dev.remove(t, name)
			dev.call(t, "CreateSecret", with(kmsSecret(name, "v1", "shared"), object{"Policy": policy}))
		} else {
			dev.call(t, "SetSecretPolicy", setting)
		}
		kept := dev.call(t, "GetSecretPolicy", named)["Policy"].(string)
		assertEqual(t, must(parse[any](policy)), must(parse[any](kept)))
		assertHas(t, object{"SecretData": "shared"}, session.call(t, "GetSecretValue", named))
		session.refused(t, denied, "PutSecretValue", kmsSecret(name, "v2", "other"))
		dev.remove(t, name)
	})
}

// --- what only a core without models sends

// The provider's requests in its order: booleans as such, lists by number, both parameters of a deletion at once.
func kmsTerraform(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	named := object{"SecretName": name}
	first := kmsSecret(name, "v1", "first")
	created := dev.call(t, "CreateSecret", with(first, object{
		"SecretType": "Generic", "SecretDataType": "text", "Description": "from terraform",
		"EnableAutomaticRotation": false, "Tags": toJSON([]object{{"TagKey": "Created", "TagValue": "TF"}}),
	}))
	assertHas(t, object{"SecretName": name, "Arn": kmsARN("secret", name)}, created)
	read := func(version, data string, labels ...string) {
		t.Helper()
		described := dev.call(t, "DescribeSecret", named)
		// What was not given must not come back, or every plan is a replacement.
		for _, name := range []string{"EncryptionKeyId", "DKMSInstanceId", "PlannedDeleteTime", "Code", "Success", "Tags"} {
			if value, has := described[name]; has {
				t.Fatalf("DescribeSecret tells %s: %v", name, value)
			}
		}
		value := dev.call(t, "GetSecretValue", with(named, object{"VersionId": version}))
		assertHas(t, object{"SecretData": data, "SecretDataType": "text", "VersionStages": stages(labels...)}, value)
		tags := dev.call(t, "ListTagResources",
			object{"RegionId": region, "ResourceType": "secret", "ResourceId": []any{name}})
		row := tags["TagResources"].(object)["TagResource"].([]any)[0].(object)
		assertHas(t, object{"ResourceId": name, "TagKey": "Created", "TagValue": "TF"}, row)
	}
	read("v1", "first", "ACSCurrent")
	dev.call(t, "PutSecretValue", with(first, object{"SecretDataType": "text"}))
	read("v1", "first", "ACSCurrent")
	both := toJSON([]string{"ACSCurrent", "ACSNext"})
	dev.call(t, "PutSecretValue", with(kmsSecret(name, "v2", "second"), object{"VersionStages": both}))
	read("v2", "second", "ACSCurrent", "ACSNext")
	read("v1", "first", "ACSPrevious")
	dev.refused(t, unsupported, "UpdateSecretRotationPolicy",
		with(named, object{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
	dev.call(t, "UpdateSecret", with(named, object{"Description": ""}))
	if text, has := dev.call(t, "DescribeSecret", named)["Description"]; has && text != "" {
		t.Fatalf("still described: %v", text)
	}
	dev.call(t, "DeleteSecret", with(named, object{"ForceDeleteWithoutRecovery": "true", "RecoveryWindowInDays": "30"}))
	dev.refused(t, resourceNotFound, "DescribeSecret", named)

	managed := with(first, object{
		"SecretType": "Rds", "SecretData": `{"Accounts":[{"AccountName":"app","AccountPassword":"test-only"}]}`,
		"ExtendedConfig": toJSON(object{"SecretSubType": "SingleUser", "DBInstanceId": "rm-test", "CustomData": object{}}),
	})
	dev.call(t, "CreateSecret", managed)
	dev.call(t, "UpdateSecretRotationPolicy",
		with(named, object{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
	assertHas(t, object{"AutomaticRotation": "Enabled", "RotationInterval": "605800s"},
		dev.call(t, "DescribeSecret", named))
	dev.call(t, "DeleteSecret", with(named, object{"ForceDeleteWithoutRecovery": true, "RecoveryWindowInDays": 30}))
	dev.refused(t, resourceNotFound, "DescribeSecret", named)
}

func kmsBatch(t *testing.T, dev kmsCloud) {
	name := newSecretName()
	dev.call(t, "CreateSecret", kmsSecret(name, "v1", "one of many"))
	reply := dev.call(t, "BatchGetSecretValue", object{
		"SecretsList": toJSON([]object{{"SecretName": name}, {"SecretName": "absent"}, {"SecretName": name, "VersionId": "v1"}}),
	})
	values := reply["SecretValues"].([]any)
	assertEqual(t, 2, len(values))
	for _, value := range values {
		assertHas(t, object{
			"SecretName": name, "SecretData": "one of many", "VersionStages": stages("ACSCurrent"),
		}, value.(object))
	}
	problems := reply["Errors"].([]any)
	assertEqual(t, 1, len(problems))
	assertHas(t, object{
		"SecretName": "absent", "Code": resourceNotFoundStop.code, "Message": resourceNotFoundStop.message,
	}, problems[0].(object))
	dev.remove(t, name)
}
