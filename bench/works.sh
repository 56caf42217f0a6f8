# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The works: what is asked, of whom, with how many connections.

# PART WORK CONNECTIONS TOKENS PATH GATES. TOKENS is `one`, `turn` (10 000 that everybody has seen),
# `copies` (as many of one token) or a file of tokens nobody has seen; `connect` makes a connection for each request, `form` asks for a token.
works()
{
	local gates="haproxy nginx postern postern-civetweb"

	cat <<-END
		seen seen 1,32,128,1000 one /customer/1 $gates postern-log haproxy-rs256 envoy apache
		turn turn 32 turn /customer/1 haproxy postern envoy
		turn copies 32 copies /customer/1 haproxy postern
		new new-rs256 32 new-rs256 /customer/1 haproxy-rs256 postern postern-civetweb envoy apache
		new new-es256 32 new-es256 /customer/1 haproxy-es256 postern postern-civetweb envoy apache
		bodies down-1k 32 one /customer/files/1k $gates
		bodies down-16k 32 one /customer/files/16k $gates
		bodies down-1m 32 one /customer/files/1m $gates
		bodies up-1m 32 one /customer/upload $gates
		tls tls-kept 32 one /customer/1 haproxy-tls nginx-tls postern-tls
		tls tls-new 32 connect /customer/1 haproxy-tls nginx-tls postern-tls
		issue issue 32 form /oauth/token oidc-provider postern-issuer
	END
}

# What a work is called in tables and plots.
title()
{
	case $1 in
	seen) echo "One token" ;;
	turn) echo "$known tokens in turn" ;;
	copies) echo "$known copies of one token in turn" ;;
	new-rs256) echo "A new token in every request, RS256" ;;
	new-es256) echo "A new token in every request, ES256" ;;
	down-1k) echo "Answers of 1 KB" ;;
	down-16k) echo "Answers of 16 KB" ;;
	down-1m) echo "Answers of 1 MB" ;;
	up-1m) echo "Uploads of 1 MB" ;;
	tls-kept) echo "TLS, connections kept" ;;
	tls-new) echo "TLS, a new connection for every request" ;;
	issue) echo "Tokens issued by client credentials, ES256" ;;
	esac
}

wanted()
{
	[[ ",$parts," = *",$1,"* ]]
}

# wanted_works: the rows of the wanted parts.
wanted_works()
{
	local part rest

	works | while read -r part rest; do
		! wanted "$part" || echo "$part $rest"
	done
}

# The gates of the wanted works and of memory, each once.
wanted_gates()
{
	{
		wanted_works | awk '{ for (i = 6; i <= NF; i++) print $i }'
		! wanted memory || printf '%s\n' $memory_gates
		! wanted leaving || printf '%s\n' $leaving_gates
	} | awk '!seen[$1]++'
}
