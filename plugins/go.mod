module wplug/plugins

go 1.24

require wplug/sdk v0.0.0

replace wplug/sdk => ../sdk/go
