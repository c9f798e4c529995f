// Length-prefixed frames with a call's id before the body: what Wire's framing costs in Go with nothing around it.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
)

const (
	bufferBytes = 256 * 1024
	headBytes   = 4 + 4
)

func main() {
	isServer, port, calls, concurrency := arguments()
	if isServer {
		check(serve(port))
		return
	}
	connection, err := net.Dial("tcp", "127.0.0.1:"+port)
	check(err)
	client := newClient(connection, concurrency)
	report(calls, concurrency, client.call)
}

func serve(port string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go echo(connection)
	}
}

// echo answers each frame with itself; all that one read brought leaves in one write.
func echo(connection net.Conn) {
	defer connection.Close()
	reader, writer := bufio.NewReaderSize(connection, bufferBytes), bufio.NewWriterSize(connection, bufferBytes)
	for {
		head, err := reader.Peek(4)
		if err != nil {
			return
		}
		length := 4 + int(binary.BigEndian.Uint32(head))
		frame, err := reader.Peek(length)
		if err != nil {
			return
		}
		writer.Write(frame)
		reader.Discard(length)
		if !holdsFrame(reader) && writer.Flush() != nil {
			return
		}
	}
}

// holdsFrame says whether a whole frame can be had without another read.
func holdsFrame(reader *bufio.Reader) bool {
	if reader.Buffered() < 4 {
		return false
	}
	head, _ := reader.Peek(4)
	return reader.Buffered() >= 4+int(binary.BigEndian.Uint32(head))
}

// client keeps one call a worker under way on one connection.
type client struct {
	mutex  sync.Mutex
	writer *bufio.Writer
	ready  chan struct{}
	done   []chan int
}

func newClient(connection net.Conn, concurrency int) *client {
	made := &client{writer: bufio.NewWriterSize(connection, bufferBytes), ready: make(chan struct{}, 1), done: make([]chan int, concurrency)}
	for worker := range made.done {
		made.done[worker] = make(chan int, 1)
	}
	go made.flush()
	go made.read(bufio.NewReaderSize(connection, bufferBytes))
	return made
}

// flush runs beside the workers, so that what several have written leaves together.
func (c *client) flush() {
	for range c.ready {
		c.mutex.Lock()
		err := c.writer.Flush()
		c.mutex.Unlock()
		check(err)
	}
}

func (c *client) read(reader *bufio.Reader) {
	for {
		head, err := reader.Peek(headBytes)
		if errors.Is(err, io.EOF) {
			return
		}
		check(err)
		length, worker := 4+int(binary.BigEndian.Uint32(head)), int(binary.BigEndian.Uint32(head[4:]))
		_, err = reader.Peek(length)
		check(err)
		reader.Discard(length)
		c.done[worker] <- length - headBytes
	}
}

var body = make([]byte, messageBytes)

func (c *client) call(worker int) error {
	var head [headBytes]byte
	binary.BigEndian.PutUint32(head[:], 4+messageBytes)
	binary.BigEndian.PutUint32(head[4:], uint32(worker))
	c.mutex.Lock()
	c.writer.Write(head[:])
	c.writer.Write(body)
	c.mutex.Unlock()
	select {
	case c.ready <- struct{}{}:
	default:
	}
	if got := <-c.done[worker]; got != messageBytes {
		return errors.New("the echo is of another length")
	}
	return nil
}
