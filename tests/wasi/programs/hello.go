// Arguments, environment, stdin, goroutines, time, panics and exit codes in Go.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

func main() {
	fmt.Println("arguments:", os.Args[1:])
	env := os.Environ()
	sort.Strings(env)
	fmt.Println("environment:", env)
	lines := bufio.NewScanner(os.Stdin)
	sum := 0
	for lines.Scan() {
		number, err := strconv.Atoi(lines.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, "not a number:", lines.Text())
			os.Exit(3)
		}
		sum += number
	}
	fmt.Println("sum:", sum)
	before := time.Now()
	var group sync.WaitGroup
	results := make([]int, 4)
	for i := range results {
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(2 * time.Millisecond)
			results[i] = i * i
		}()
	}
	group.Wait()
	fmt.Println("squares:", results, "slept:", time.Since(before) >= 2*time.Millisecond)
	if len(os.Args) > 1 && os.Args[1] == "panic" {
		panic("as asked")
	}
}
