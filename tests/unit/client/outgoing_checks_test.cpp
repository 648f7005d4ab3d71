// SPDX-License-Identifier: BSL-1.0
// What cannot be sent is refused before anything else happens, the fetch of a token included.

#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/run.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outgoing_checks_test {

using namespace clarify;
namespace asio = boost::asio;

namespace {

/// How often each policy was asked for anything.
struct Counts {
    int auth = 0;
    int posts = 0;
    std::string body;
};
using Shared = std::shared_ptr<Counts>;

struct CountingAuth {
    std::optional<AuthHeader> cached(AuthContext&) const {
        ++counts->auth;
        return AuthHeader{};
    }
    asio::awaitable<Result<AuthHeader>> authorize(AuthContext&, TimePoint) const {
        ++counts->auth;
        co_return AuthHeader{};
    }
    bool rejected(AuthContext&, const AuthHeader&) const noexcept { return false; }

    Shared counts;
};

struct CountingBackend {
    asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        ++counts->posts;
        counts->body = request.body;
        progress = {Phase::first_byte, true};
        response.status = 204;
        co_return Result<void>{};
    }
    void close() noexcept {}

    Shared counts;
};

using Client = RpcClient<CountingBackend, CountingAuth, BoostJsonCodec>;

struct Bench {
    explicit Bench(const ClientOptions& options = ClientOptions{})
        : client(
              context.get_executor(),
              *Url::parse("http://127.0.0.1/rpc"),
              CountingBackend{counts},
              CountingAuth{counts},
              options) {}

    template <class Params>
    std::string refusal(std::string_view method, const Params& params) {
        const Result<boost::json::value> outcome =
            support::run(context, client.call(method, params));
        CHECK(outcome.has_error());
        const Error& error = outcome.error();
        CHECK(error.fate() == Fate::unsent);
        CHECK(error.attempts() == 0);
        CHECK(error.phase() == Phase::queue);
        CHECK(counts->auth == 0);
        CHECK(counts->posts == 0);
        return std::string{to_string(error.code())} + '[' + std::string{to_string(error.reason())} +
            ']';
    }

    Shared counts = std::make_shared<Counts>();
    asio::io_context context;
    Client client;
};

}  // namespace

TEST_CASE("RpcClient: params without a JSON form are refused before a token is asked for") {
    using Doubles = std::vector<double>;
    using Texts = std::map<std::string, std::string>;
    Bench bench;
    CHECK(bench.refusal("m", Doubles{std::nan("")}) == "bad_argument[params]");
    CHECK(
        bench.refusal("m", Doubles{std::numeric_limits<double>::infinity()}) ==
        "bad_argument[params]");
    CHECK(
        bench.refusal("m", Doubles{-std::numeric_limits<double>::infinity()}) ==
        "bad_argument[params]");
    CHECK(bench.refusal("m", Texts{{"a", "\xFF"}}) == "bad_argument[encoding]");
    CHECK(bench.refusal("m", Texts{{"\xC0\x80", "a"}}) == "bad_argument[encoding]");
    CHECK(bench.refusal("m", 7) == "bad_argument[params]");
    CHECK(bench.refusal("m", std::string{"text"}) == "bad_argument[params]");
    CHECK(bench.refusal("m", true) == "bad_argument[params]");
    CHECK(bench.refusal("m", nullptr) == "bad_argument[params]");
    CHECK(bench.refusal("m", boost::json::value(nullptr)) == "bad_argument[params]");
    CHECK(bench.refusal("m", std::optional<Doubles>{}) == "bad_argument[params]");
}

TEST_CASE("RpcClient: a method that is empty, reserved or no text is refused, too") {
    Bench bench;
    CHECK(bench.refusal("", no_params) == "bad_argument[method]");
    CHECK(bench.refusal("rpc.discover", no_params) == "bad_argument[method]");
    CHECK(bench.refusal("m\xFF", no_params) == "bad_argument[method]");
}

TEST_CASE("RpcClient: a request is refused from the first byte beyond the limit, in bytes") {
    // Two bytes a letter.
    const std::vector<std::string> params{"\xC3\xA9\xC3\xA9"};
    const std::string text =
        "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"params\":[\"\xC3\xA9\xC3\xA9\"]}";
    ClientOptions options;
    options.first_id = 1;
    options.max_request_body = text.size();
    Bench fits{options};
    CHECK(
        support::run(fits.context, fits.client.call("m", params)).error().code() == Errc::envelope);
    CHECK(fits.counts->body == text);
    options.max_request_body = text.size() - 1;
    Bench beyond{options};
    CHECK(beyond.refusal("m", params) == "bad_argument[request]");
}

}  // namespace outgoing_checks_test
