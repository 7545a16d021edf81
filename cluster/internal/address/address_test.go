package address

import "testing"

func FuzzAddress(f *testing.F) {
	f.Add([]byte(`{"version":1,"port":4222,"token":"0123456789012345678901234567890123456789"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := Decode(b); err == nil && (a.Port <= 0 || a.Port > 65535 || a.Token == "") {
			t.Errorf("%+v", a)
		}
	})
}
