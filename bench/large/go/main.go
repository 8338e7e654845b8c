// A Go program of the usual kind: JSON both ways, maps, sorting through an interface, closures, strings, goroutines and channels.
// Prints a checksum. ROUNDS comes from the linker: -ldflags "-X main.rounds=N".
package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"sort"
	"strconv"
	"strings"
)

var rounds = "1"

type order struct {
	ID     int               `json:"id"`
	Buyer  string            `json:"buyer"`
	Items  []item            `json:"items"`
	Labels map[string]string `json:"labels,omitempty"`
}

type item struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

type byTotal []order

func (o byTotal) Len() int      { return len(o) }
func (o byTotal) Swap(i, j int) { o[i], o[j] = o[j], o[i] }
func (o byTotal) Less(i, j int) bool {
	return total(o[i]) < total(o[j]) || (total(o[i]) == total(o[j]) && o[i].ID < o[j].ID)
}

func total(o order) float64 {
	sum := 0.0
	for _, each := range o.Items {
		sum += each.Price * float64(each.Count)
	}
	return sum
}

type generator uint32

func (g *generator) next(most int) int {
	x := uint32(*g)
	x ^= x << 13
	x ^= x >> 17
	x ^= x << 5
	*g = generator(x)
	return int(x % uint32(most))
}

func makeOrders(g *generator, count int) []order {
	orders := make([]order, count)
	for i := range orders {
		orders[i] = order{ID: i, Buyer: "buyer " + strconv.Itoa(g.next(20))}
		for j := g.next(4) + 1; j > 0; j-- {
			orders[i].Items = append(orders[i].Items, item{fmt.Sprintf("item-%d", g.next(50)), g.next(9) + 1, float64(g.next(4000)) / 8})
		}
		if i%3 == 0 {
			orders[i].Labels = map[string]string{"place": strconv.Itoa(g.next(7)), "kind": "rush"}
		}
	}
	return orders
}

func primes(most int, out chan<- int) {
	composite := make([]bool, most)
	for i := 2; i < most; i++ {
		if composite[i] {
			continue
		}
		out <- i
		for j := i * i; j < most; j += i {
			composite[j] = true
		}
	}
	close(out)
}

func work(g *generator) string {
	orders := makeOrders(g, 40)
	text, err := json.Marshal(orders)
	if err != nil {
		panic(err)
	}
	var again []order
	if err := json.Unmarshal(text, &again); err != nil {
		panic(err)
	}
	sort.Sort(byTotal(again))
	perBuyer := map[string]float64{}
	for _, each := range again {
		perBuyer[each.Buyer] += total(each)
	}
	buyers := make([]string, 0, len(perBuyer))
	for buyer := range perBuyer {
		buyers = append(buyers, buyer)
	}
	sort.Strings(buyers)
	var lines strings.Builder
	for _, buyer := range buyers {
		fmt.Fprintf(&lines, "%s\t%.3f\n", strings.ToUpper(buyer), perBuyer[buyer])
	}
	found := make(chan int, 16)
	go primes(2000, found)
	sum := 0
	for prime := range found {
		sum = sum*7 + prime&0xffff
	}
	fmt.Fprintf(&lines, "%d %d", again[0].ID, uint32(sum))
	return lines.String()
}

func main() {
	count, err := strconv.Atoi(rounds)
	if err != nil {
		panic(err)
	}
	g := generator(2463534242)
	hash := fnv.New64a()
	for i := 0; i < count; i++ {
		hash.Write([]byte(work(&g)))
	}
	fmt.Printf("%016x\n", hash.Sum64())
}
