# Which orders may go through, and why others may not.
#
#   opa build -t wasm -e orders/decision -o bundle.tar.gz examples/opa/orders.rego
#   tar xzf bundle.tar.gz /policy.wasm
#   wplug call policy.wasm orders/decision --input '{"user":"ann","amount":20}' --config 'data={"limits":{"ann":100}}'
package orders

default allow := false

allow if count(violations) == 0

violations contains "no user" if not input.user

violations contains sprintf("%s may spend %v, not %v", [input.user, limit, input.amount]) if {
	limit := data.limits[input.user]
	input.amount > limit
}

violations contains sprintf("%s is not known", [input.user]) if {
	input.user
	not data.limits[input.user]
}

decision := {"allow": allow, "violations": violations}
