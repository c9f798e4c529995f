// Unary calls of raw bytes by grpc-go, Debian's version: the codec passes bytes through, so that no protobuf is paid for.
package main

import (
	"context"
	"errors"
	"net"

	"google.golang.org/grpc"
)

type bytesCodec struct{}

func (bytesCodec) Marshal(value interface{}) ([]byte, error) { return *value.(*[]byte), nil }
func (bytesCodec) Unmarshal(data []byte, value interface{}) error {
	*value.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (bytesCodec) Name() string   { return "bytes" }
func (bytesCodec) String() string { return "bytes" }

const method = "/bench.Echo/Call"

func echo(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	var message []byte
	err := decode(&message)
	return &message, err
}

func main() {
	isServer, port, calls, concurrency := arguments()
	if isServer {
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		check(err)
		server := grpc.NewServer(grpc.CustomCodec(bytesCodec{}))
		server.RegisterService(&grpc.ServiceDesc{
			ServiceName: "bench.Echo",
			HandlerType: (*interface{})(nil),
			Methods:     []grpc.MethodDesc{{MethodName: "Call", Handler: echo}},
		}, struct{}{})
		check(server.Serve(listener))
		return
	}
	connection, err := grpc.Dial("127.0.0.1:"+port, grpc.WithInsecure(), grpc.WithBlock(),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{})))
	check(err)
	message := make([]byte, messageBytes)
	report(calls, concurrency, func(int) error {
		var reply []byte
		if err := connection.Invoke(context.Background(), method, &message, &reply); err != nil {
			return err
		}
		if len(reply) != messageBytes {
			return errors.New("the echo is of another length")
		}
		return nil
	})
}
