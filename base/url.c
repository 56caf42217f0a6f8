/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <curl/curl.h>

#include "base/digits.h"

#define TEXT_MAX 2048
#define SHOWN_MAX 120
#define PORT_MAX 65535
#define HOST_RULE                                                                                  \
	"the host must be a name, an IPv4 address such as 127.0.0.1, or an IPv6 address in "       \
	"brackets such as [::1]"
#define PORT_RULE "the port must be 1..65535"

/* A URL being read. */
struct reading {
	struct span text;
	unsigned parts;
	struct url *url;
	struct err *err;
};

static bool
is_http(struct span text)
{
	return span_starts(text, SPAN("http://")) || span_starts(text, SPAN("https://"));
}

static const char *
schemes(unsigned parts)
{
	if ((parts & URL_SAFE) != 0)
		return "must start with \"https://\" (http is for loopback addresses only)";
	if ((parts & URL_SOCKET) != 0)
		return "must start with \"http://\", \"https://\" or \"unix:/\"";
	return "must start with \"http://\" or \"https://\"";
}

static bool
has_scheme(struct span text)
{
	return text.len > 0 && memmem(text.at, text.len, "://", 3) != NULL;
}

/* No scheme: it was probably forgotten, if the text would be a URL with one. */
static bool
refuse_scheme(const struct reading *reading)
{
	const char *scheme = (reading->parts & URL_SAFE) != 0 ? "https" : "http";
	char meant[SHOWN_MAX + 16];
	struct err err;
	struct url url;

	(void)snprintf(meant, sizeof(meant), "%s://%.*s", scheme, SPAN_ARG(reading->text));
	/* A text with another scheme, or a path, is not a host. */
	if (reading->text.len < SHOWN_MAX && !has_scheme(reading->text) &&
	    url_read(span_of(meant), reading->parts, &url, &err))
		return err_set(reading->err, "%s: write \"%s\"", schemes(reading->parts), meant);
	return err_set(reading->err, "%s", schemes(reading->parts));
}

/* RFC 3986 section 2; curl would accept more. */
static bool
check_bytes(const struct reading *reading)
{
	for (size_t i = 0; i < reading->text.len; i++) {
		unsigned char byte = (unsigned char)reading->text.at[i];
		bool brace = byte == '{' || byte == '}';

		if (byte == ' ' || byte == '\t')
			return err_set(reading->err, "must be one URL, without spaces");
		if (byte > 0x7e)
			return err_set(reading->err,
			    "must be ASCII: a host's name in its \"xn--\" form, other letters "
			    "percent-encoded");
		if (byte < ' ' || (brace && (reading->parts & URL_TEMPLATE) == 0) ||
		    strchr("\"<>\\^`|", byte) != NULL)
			return err_set(reading->err, "must not contain %s",
			    byte < ' ' ? "control characters" : "any of \" < > \\ ^ ` { | }");
	}
	return true;
}

/* A part of the URL as text; NULL if absent. The caller frees it with curl_free(). */
static char *
part(CURLU *curl, CURLUPart which)
{
	char *text = NULL;

	return curl_url_get(curl, which, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? text : NULL;
}

/* Is it a valid name? If the last label starts with a digit, some parsers take the name for an
 * address. */
static bool
name_plain(const char *host)
{
	static const char bytes[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	const char *last = strrchr(host, '.');
	struct in_addr address;

	if (host[0] == '\0' || host[0] == '.' || strstr(host, "..") != NULL ||
	    strspn(host, bytes) != strlen(host))
		return false;
	last = last == NULL ? host : last + 1;
	return last[0] < '0' || last[0] > '9' || inet_pton(AF_INET, host, &address) == 1;
}

/* The host as written, without brackets. Curl expands "127.1" and decodes "%31", other parsers may
 * not: curl's result must equal the written name. */
static bool
read_host(struct url *url, const char *curls)
{
	struct span host = url->authority;
	struct in6_addr address;
	bool literal = host.at[0] == '[';

	host = span_slice(host, literal ? 1 : 0, span_find(host, literal ? ']' : ':'));
	if (host.len >= sizeof(url->host))
		return false;
	(void)snprintf(url->host, sizeof(url->host), "%.*s", SPAN_ARG(host));
	if (curls == NULL)
		return false;
	if (literal)
		return inet_pton(AF_INET6, url->host, &address) == 1;
	return span_equal_nocase(host, span_of(curls)) && name_plain(url->host);
}

static bool
check_authority(const struct reading *reading, CURLU *curl)
{
	struct url *url = reading->url;
	char *host = part(curl, CURLUPART_HOST), *port = part(curl, CURLUPART_PORT);
	bool plain = read_host(url, host);
	int64_t number = 0;
	bool read = digits_read(span_of(port), 5, &number);

	curl_free(host);
	curl_free(port);
	if (!plain)
		return err_set(reading->err, HOST_RULE);
	if (!read || number < 1 || number > PORT_MAX || span_ends(url->authority, SPAN(":")))
		return err_set(reading->err, PORT_RULE);
	url->port = (uint16_t)number;
	return true;
}

static bool
check_parts(const struct reading *reading)
{
	const struct url *url = reading->url;

	if (span_find(url->authority, '@') < url->authority.len)
		return err_set(reading->err, "must not contain a user or a password");
	/* curl takes "http:///a" for "http://a" */
	if (url->authority.len == 0 || url->authority.at[0] == ':')
		return err_set(reading->err, "must name a host");
	if (span_find(reading->text, '#') < reading->text.len)
		return err_set(reading->err, "must not have a fragment (\"#\" and what follows)");
	if (span_find(url->authority, ',') < url->authority.len)
		return err_set(reading->err, "must be one URL");
	if (url->query.at != NULL && (reading->parts & URL_QUERY) == 0)
		return err_set(reading->err, "must not have a query (\"?\" and what follows)");
	if (url->path.len > 1 && (reading->parts & URL_PATH) == 0)
		return err_set(reading->err, "must not have a path: write \"%.*s\"",
		    (int)(url->path.at - reading->text.at), reading->text.at);
	return true;
}

/* HOST, PATH and QUERY as written; curl drops empty ones. */
static void
cut(const struct reading *reading)
{
	struct url *url = reading->url;
	size_t start = url->scheme == URL_HTTPS ? sizeof("https://") - 1 : sizeof("http://") - 1;
	struct span rest = span_slice(reading->text, start, reading->text.len);
	size_t end;

	rest = span_slice(rest, 0, span_find(rest, '#'));
	end = span_find(rest, '?');
	if (end < rest.len)
		url->query = span_slice(rest, end + 1, rest.len);
	rest = span_slice(rest, 0, end);
	end = span_find(rest, '/');
	url->authority = span_slice(rest, 0, end);
	url->path = span_slice(rest, end, rest.len);
}

static bool
refuse_curls(const struct reading *reading, CURLUcode code)
{
	if (code == CURLUE_OUT_OF_MEMORY)
		return err_set(reading->err, "out of memory");
	if (code == CURLUE_BAD_PORT_NUMBER)
		return err_set(reading->err, PORT_RULE);
	if (code == CURLUE_BAD_HOSTNAME || code == CURLUE_BAD_IPV6)
		return err_set(reading->err, HOST_RULE);
	return err_set(reading->err, "must be a URL: %s", curl_url_strerror(code));
}

static bool
is_loopback(const struct url *url)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, url->host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, url->host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return span_equal_nocase(span_of(url->host), SPAN("localhost"));
}

static bool
read_http(const struct reading *reading)
{
	CURLU *curl = curl_url();
	char text[TEXT_MAX];
	CURLUcode code;
	bool good;

	(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(reading->text));
	code = curl == NULL ? CURLUE_OUT_OF_MEMORY
			    : curl_url_set(curl, CURLUPART_URL, text, CURLU_PATH_AS_IS);
	good = (code == CURLUE_OK || refuse_curls(reading, code)) && check_authority(reading, curl);
	curl_url_cleanup(curl);
	if (good && (reading->parts & URL_SAFE) != 0 && reading->url->scheme != URL_HTTPS &&
	    !is_loopback(reading->url))
		return err_set(reading->err, "%s", schemes(reading->parts));
	return good;
}

static bool
read_socket(const struct reading *reading)
{
	struct span path = span_slice(reading->text, sizeof("unix:") - 1, reading->text.len);

	if (span_starts(path, SPAN("//")))
		return err_set(reading->err, "must be unix:/PATH, with one slash");
	if (path.len < 2 || path.len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(reading->err, "the path of a socket must have 2..%zu bytes",
		    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	reading->url->path = path;
	return true;
}

bool
url_read(struct span text, unsigned parts, struct url *ret_url, struct err *reterr)
{
	struct url url = { .scheme = URL_HTTP };
	struct reading reading = { text, parts, &url, reterr };
	bool good;

	if (text.len >= TEXT_MAX)
		return err_set(reterr, "must have fewer than %d bytes", TEXT_MAX);
	if (span_starts(text, SPAN("https://")))
		url.scheme = URL_HTTPS;
	if ((parts & URL_SOCKET) != 0 && span_starts(text, SPAN("unix:/"))) {
		url.scheme = URL_UNIX;
		good = check_bytes(&reading) && read_socket(&reading);
	} else if (is_http(text)) {
		cut(&reading);
		good = check_bytes(&reading) && check_parts(&reading) && read_http(&reading);
	} else {
		good = refuse_scheme(&reading);
	}
	if (good)
		*ret_url = url;
	return good;
}
