package cluster

import "time"

// DefaultGrace is how long an agent drains if nobody says otherwise.
func DefaultGrace() time.Duration {
	o, err := configure(serves, nil)
	if err != nil {
		panic(err)
	}
	return o.grace
}
