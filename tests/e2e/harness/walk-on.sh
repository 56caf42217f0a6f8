# SPDX-License-Identifier: Apache-2.0
# The demo without Docker, for deploy/compose/walk: the same functions on the programs themselves.
# Addresses and places come from the test, in WALK_*.

gate_url=$WALK_GATE_URL
admin_url=$WALK_ADMIN_URL
keycloak_url=$WALK_KEYCLOAK_URL
secrets=$WALK_SECRETS
policy=$WALK_DIR/policy.yaml
config=$WALK_DIR/postern.yaml

demo_there()
{
	:
}

inside()
{
	curl --cacert "$secrets/ca.pem" "$@"
}

postern()
{
	"$WALK_POSTERN" "$@"
}

keycloak_stop()
{
	"$WALK_ROOT/scripts/keycloak" stop
}

keycloak_start()
{
	"$WALK_ROOT/scripts/keycloak" resume
}
