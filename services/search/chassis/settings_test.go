package chassis

import (
	"testing"
	"time"
)

func settingsOf(environment map[string]string) *Settings {
	return NewSettings(func(name string) (string, bool) {
		value, set := environment[name]
		return value, set
	})
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	from := settingsOf(map[string]string{"DATA_DIR": "", "RETRIES": "perhaps", "DRAIN": "soon"})
	from.Needed("LISTEN")
	from.Needed("DATA_DIR")
	from.Flag("RETRIES", true)
	from.Seconds("DRAIN", time.Second)
	want := `cannot start: LISTEN is not set; DATA_DIR is not set; RETRIES is neither true nor false: "perhaps"; ` +
		`DRAIN is not a number: "soon"`
	if got := from.Problems(); got != want {
		t.Errorf("%s", got)
	}
}

func TestWhatIsSetIsTaken(t *testing.T) {
	from := settingsOf(map[string]string{"LISTEN": ":0", "RETRIES": "no", "DRAIN": "0.5"})
	if from.Needed("LISTEN") != ":0" || from.Flag("RETRIES", true) || from.Seconds("DRAIN", 0) != time.Second/2 ||
		from.Text("LEVEL", "INFO") != "INFO" || from.Problems() != "" {
		t.Errorf("%+v", from)
	}
}
