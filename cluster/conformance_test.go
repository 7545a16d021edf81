package cluster_test

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/executortest"
)

func TestExecutor(t *testing.T) {
	executortest.Run(t, executortest.Cluster, func(t *testing.T, slots int) parfor.Executor {
		x, _ := ready(t, slots)
		return x
	})
}
