# What compiled policies make a host do, in one module: see `regenerate`.
package stored

allow if {
	some role in data.users[input.user]
	some grant in data.roles[role]
	grant.action == input.action
}

granted contains grant.action if {
	some role in data.users[input.user]
	some grant in data.roles[role]
}

grade(n) := "high" if n > 10

else := "low" if n >= 0

default level := "none"

level := grade(input.n)

undefined := input.missing.value

text := {
	"up": upper(input.t),
	"parts": split(input.t, ","),
	"sub": substring(input.t, 1, 2),
	"b64": base64.encode(input.t),
}

# sprintf is left to the host.
formats := [sprintf("%s", [input.t]), sprintf("%d|%5d|%-5d|%05d", [input.n, input.n, input.n, input.n]), sprintf("%.3f %v %%", [input.x, input.x]), sprintf("%x", [input.n]), sprintf("%q", [input.t]), sprintf("%d", [input.t])]

numbers_of := {"sum": sum(input.l), "max": max(input.l), "count": count(input.l), "sorted": sort(input.l), "half": input.l[0] / 2}

by_owner := {owner: ids |
	some item in input.items
	owner := item.owner
	ids := [i.id | some i in input.items; i.owner == owner]
}

secrets contains path if {
	walk(input, [path, value])
	value == "secret"
}

conflict := 1 if input.a

conflict := 2 if input.b

asks := http.send({"url": input.url, "method": "GET"}) if input.url

asks := 1 if not input.url
