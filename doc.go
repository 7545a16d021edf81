// Package parfor runs a for loop anywhere: in line, on goroutines, on worker
// processes.
package parfor
