//go:build !race

package process

func raceEnv() []string { return nil }
