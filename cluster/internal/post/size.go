package post

import "github.com/nats-io/nats.go"

// Size is how many bytes of a server's max_payload a message takes: headers count.
func Size(m *nats.Msg) int {
	n := len(m.Data)
	if len(m.Header) > 0 {
		n += len("NATS/1.0\r\n\r\n")
	}
	for key, values := range m.Header {
		for _, v := range values {
			n += len(key) + len(": ") + len(v) + len("\r\n")
		}
	}
	return n
}
