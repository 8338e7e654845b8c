module wplug/sdk

go 1.24
