package clients

// Plays the scenarios of kms.json: what its texts stand for, and how a reply or a refusal is held against it.

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

type kmsStep struct {
	Call, As    string
	With, Reply object
	Absent      []string
	Save        map[string]string
	Refused     []string
}

type kmsScenario struct {
	Title, Over string
	Steps       []kmsStep
}

var kms = must(parse[struct {
	Version        string
	Texts          map[string]string
	Statuses       map[string]int
	Scenarios      []kmsScenario
	CallerRefusals []struct {
		Title, Caller string
		Refused       []string
		ClockSeconds  int `json:"clock_seconds"`
	} `json:"caller_refusals"`
}](readFile("kms.json")))

var kmsRequestID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (s kmsScenario) play(t *testing.T, way kmsWay) {
	known := maps.Clone(kms.Texts)
	known["here"] = fmt.Sprintf("t%d", serial.Add(1))
	for i, step := range s.Steps {
		caller := step.As
		if caller == "" {
			caller = "dev"
		}
		as := way.as(caller)
		where := fmt.Sprintf("step %d, %s", i+1, step.Call)
		parameters := filled(step.With, known).(object)
		if step.Refused != nil {
			as.refused(t, where, step.Call, parameters, filledTexts(step.Refused, known))
			continue
		}
		reply := as.call(t, where, step.Call, parameters)
		if wrong := mismatch(plain(filled(step.Reply, known)), reply, "reply", way.blanks); wrong != "" {
			t.Fatalf("%s: %s", where, wrong)
		}
		for _, name := range step.Absent {
			value, has := reply[name]
			if has && !(way.blanks && isBlank(value)) {
				t.Fatalf("%s: there is %s: %s", where, name, toJSON(value))
			}
		}
		for name, path := range step.Save {
			var value any = reply
			for _, member := range strings.Split(path, ".") {
				value = value.(object)[member]
			}
			known[name] = value.(string)
		}
	}
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// The template with what its `${…}` stand for.
func filled(template any, known map[string]string) any {
	switch template := template.(type) {
	case string:
		return placeholder.ReplaceAllStringFunc(template, func(name string) string {
			text, is := known[name[2:len(name)-1]]
			if !is {
				panic(name + " is not known")
			}
			return text
		})
	case []any:
		whole := make([]any, len(template))
		for i, each := range template {
			whole[i] = filled(each, known)
		}
		return whole
	case object:
		whole := object{}
		for name, value := range template {
			whole[name] = filled(value, known)
		}
		return whole
	default:
		return template
	}
}

func filledTexts(templates []string, known map[string]string) []string {
	texts := make([]string, len(templates))
	for i, template := range templates {
		texts[i] = filled(template, known).(string)
	}
	return texts
}

// What a model has where the reply had nothing.
func isBlank(value any) bool {
	switch value := value.(type) {
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case object:
		for _, member := range value {
			if !isBlank(member) {
				return false
			}
		}
		return true
	default:
		return value == nil
	}
}

func (c kmsCloud) call(t *testing.T, where, operation string, parameters object) object {
	t.Helper()
	reply, err := c.client.call(operation, parameters)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	assertMatches(t, kmsRequestID, reply["RequestId"])
	// Some clients take a reply that holds these for an error.
	for _, name := range []string{"Code", "Message", "Success"} {
		if value, has := reply[name]; has {
			t.Fatalf("%s: a success with the %s %v", where, name, value)
		}
	}
	return reply
}

// Refused is a code and a message, in which %s stands for any text.
func (c kmsCloud) refused(t *testing.T, where, operation string, parameters object, refused []string) {
	t.Helper()
	reply, err := c.client.call(operation, parameters)
	if err == nil {
		t.Fatalf("%s was not refused: %s", where, toJSON(reply))
	}
	told := c.client.failure(t, err)
	code := refused[0]
	if wanted := fmt.Sprint(kms.Statuses[code], " ", code); wanted != fmt.Sprint(told.status, " ", told.code) {
		t.Fatalf("%s: wanted %s, got %+v", where, wanted, told)
	}
	parts := strings.Split(refused[1], "%s")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	if !regexp.MustCompile("(?s)^" + strings.Join(parts, ".+") + "$").MatchString(told.message) {
		t.Fatalf("%s: wanted %s, got %+v", where, refused[1], told)
	}
	assertMatches(t, kmsRequestID, told.requestID)
	if told.body == nil {
		return
	}
	assertLike(t, where, object{
		"Code": code, "Message": told.message, "RequestId": told.requestID, "HttpStatus": kms.Statuses[code],
		"HostId": "<text>", "Recommend": "<text>",
	}, told.body)
}

func assertLike(t *testing.T, where string, pattern, value any) {
	t.Helper()
	if wrong := mismatch(plain(pattern), plain(value), "reply", false); wrong != "" {
		t.Fatalf("%s: %s", where, wrong)
	}
}

// Where a value is not what the pattern asks for; nothing if nowhere. With blanks, nothing will do for an empty list.
func mismatch(pattern, value any, path string, blanks bool) string {
	switch pattern := pattern.(type) {
	case object:
		if inner, isText := pattern["$json"]; isText {
			text, _ := value.(string)
			parsed, err := parse[any](text)
			if err != nil {
				return fmt.Sprintf("%s is no JSON: %v", path, value)
			}
			return mismatch(inner, parsed, path, blanks)
		}
		members, isMap := value.(object)
		if !isMap {
			return fmt.Sprintf("%s is no map: %v", path, value)
		}
		for _, name := range slices.Sorted(maps.Keys(pattern)) {
			member, has := members[name]
			if list, isList := pattern[name].([]any); isList && len(list) == 0 && blanks && isBlank(member) {
				continue
			}
			if !has {
				return fmt.Sprintf("%s has no %s: %s", path, name, toJSON(value))
			}
			if wrong := mismatch(pattern[name], member, path+"."+name, blanks); wrong != "" {
				return wrong
			}
		}
		return ""
	case []any:
		list, isList := value.([]any)
		if !isList || len(list) != len(pattern) {
			return fmt.Sprintf("%s is not a list of %d: %s", path, len(pattern), toJSON(value))
		}
		rest := slices.Clone(list)
		for _, inner := range pattern {
			found := slices.IndexFunc(rest, func(each any) bool { return mismatch(inner, each, "", blanks) == "" })
			if found < 0 {
				return fmt.Sprintf("%s has none like %s: %s", path, toJSON(inner), toJSON(rest))
			}
			rest = slices.Delete(rest, found, found+1)
		}
		return ""
	case string:
		if kind, isKind := strings.CutPrefix(pattern, "<"); isKind && strings.HasSuffix(kind, ">") {
			if !isOfKind(strings.TrimSuffix(kind, ">"), value) {
				return fmt.Sprintf("%s is not %s: %v", path, pattern, value)
			}
			return ""
		}
	}
	if !reflect.DeepEqual(pattern, value) {
		return fmt.Sprintf("%s is not %s: %s", path, toJSON(pattern), toJSON(value))
	}
	return ""
}

func isOfKind(kind string, value any) bool {
	text, isText := value.(string)
	if kind == "number" {
		_, isNumber := value.(json.Number)
		return isNumber
	}
	if !isText || text == "" {
		return false
	}
	first, second, _ := strings.Cut(kind, " ")
	switch {
	case kind == "text":
		return true
	case first == "time":
		later, _ := strconv.Atoi(second)
		then, err := time.Parse("2006-01-02T15:04:05Z", text)
		return err == nil && math.Abs(time.Until(then).Seconds()-float64(later)) < 120
	case second == "characters":
		return len([]rune(text)) == must(strconv.Atoi(first))
	case second == "bytes":
		bytes, err := base64.StdEncoding.DecodeString(text)
		return err == nil && len(bytes) == must(strconv.Atoi(first))
	}
	panic("<" + kind + "> is nothing that a value can be")
}
