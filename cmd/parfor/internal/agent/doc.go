// Package agent is what run, http and compare have the agents of a cluster do:
// the bodies that parfor worker and parfor-node offer to parfor programs of any
// build. It links the client of the cluster, no server.
//
// serve.go is the agent, command.go the body of run, request.go that of http,
// client.go what it sends with, policy.go what this agent may do, metrics.go its
// numbers.
//
// What travels is rendered: the words of a command and what its placeholders
// stand for, or a request. An agent adds nothing but its own environment, folder
// and network.
package agent
