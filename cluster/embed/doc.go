// Package embed runs a NATS server with JetStream inside this program, for
// cluster executors and agents of one machine. It listens on loopback only and
// wants a token, which is in a file that its owner alone can read.
//
//	server, err := embed.Open(ctx, dir)
//	defer server.Close()
//	x, err := cluster.Connect(ctx, server.URL())
//
// There is one server per folder. The first program that opens a folder runs
// it; the others join as its clients, by what the file in the folder says.
//
// Where things are: embed.go opens a folder, server.go starts the server,
// options.go is how. The file in the folder is that of internal/address, which
// links no server.
package embed
