//go:build !race

package process

const raced = false

func raceEnv() []string { return nil }
