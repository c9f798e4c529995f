// What the Go peers have in common: a number of goroutines that call, the next when the one before is answered.
package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const messageBytes = 1024

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// arguments are `server PORT` or `client PORT CALLS CONCURRENCY`.
func arguments() (isServer bool, port string, calls int, concurrency int) {
	if len(os.Args) == 3 && os.Args[1] == "server" {
		return true, os.Args[2], 0, 0
	}
	if len(os.Args) != 5 || os.Args[1] != "client" {
		fmt.Fprintln(os.Stderr, "usage: server PORT | client PORT CALLS CONCURRENCY")
		os.Exit(64)
	}
	calls, err := strconv.Atoi(os.Args[3])
	check(err)
	concurrency, err = strconv.Atoi(os.Args[4])
	check(err)
	return false, os.Args[2], calls, concurrency
}

// report calls a tenth as warm-up, then the whole number, and prints what bench.py reads.
func report(calls int, concurrency int, call func(worker int) error) {
	round(calls/10, concurrency, call)
	latencies, elapsed := round(calls, concurrency, call)
	slices.Sort(latencies)
	at := func(share int) float64 { return latencies[len(latencies)*share/100].Seconds() * 1e3 }
	fmt.Printf("%.0f calls/s p50 %.3f ms p99 %.3f ms (n=%d of %d)\n",
		float64(len(latencies))/elapsed.Seconds(), at(50), at(99), len(latencies), calls/10+calls)
}

func round(calls int, concurrency int, call func(worker int) error) ([]time.Duration, time.Duration) {
	var left atomic.Int64
	left.Store(int64(calls))
	results := make([][]time.Duration, concurrency)
	var group sync.WaitGroup
	began := time.Now()
	for worker := 0; worker < concurrency; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			own := make([]time.Duration, 0, 2*calls/concurrency)
			for left.Add(-1) >= 0 {
				start := time.Now()
				check(call(worker))
				own = append(own, time.Since(start))
			}
			results[worker] = own
		}()
	}
	group.Wait()
	elapsed := time.Since(began)
	return slices.Concat(results...), elapsed
}
