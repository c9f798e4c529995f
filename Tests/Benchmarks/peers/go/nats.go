// Request and reply through a NATS server on PORT: one program answers, another asks.
package main

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

const subject = "bench.echo"

func main() {
	isServer, port, calls, concurrency := arguments()
	connection, err := nats.Connect("nats://127.0.0.1:" + port)
	check(err)
	if isServer {
		_, err := connection.Subscribe(subject, func(message *nats.Msg) { check(connection.Publish(message.Reply, message.Data)) })
		check(err)
		select {}
	}
	body := make([]byte, messageBytes)
	report(calls, concurrency, func(int) error {
		reply, err := connection.Request(subject, body, 10*time.Second)
		if err != nil {
			return err
		}
		if len(reply.Data) != messageBytes {
			return errors.New("the echo is of another length")
		}
		return nil
	})
}
