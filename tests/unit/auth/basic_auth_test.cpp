// SPDX-License-Identifier: BSL-1.0

#include <clarify/auth/basic_auth.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace basic_auth_test {

using namespace clarify;
using namespace std::string_view_literals;

namespace {

/// What a policy may use; none of it is needed for a header that never changes.
class NoContext final : public AuthContext {
public:
    boost::asio::any_io_executor get_executor() const override { throw std::logic_error{"unused"}; }
    TimePoint now() const override { throw std::logic_error{"unused"}; }
    double random() override { throw std::logic_error{"unused"}; }
    boost::asio::awaitable<Result<void>> post(const HttpRequest&, HttpResponse&) override {
        throw std::logic_error{"unused"};
    }
    void spawn(boost::asio::awaitable<void>, TimePoint) override {
        throw std::logic_error{"unused"};
    }
    void observe(const Event&) override { throw std::logic_error{"unused"}; }
    bool has_served(const AuthHeader&) const override { throw std::logic_error{"unused"}; }
};

std::string header(std::string_view username, std::string_view password) {
    NoContext context;
    const BasicAuth auth{username, Secret{password}};
    return std::string{auth.cached(context).value()->expose()};
}

std::string refusal(std::string_view username, std::string_view password) {
    try {
        const BasicAuth auth{username, Secret{password}};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("BasicAuth: sends the header of RFC 7617") {
    CHECK(header("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(header("test", "123\xC2\xA3") == "Basic dGVzdDoxMjPCow==");
}

TEST_CASE("BasicAuth: a password may have colons and be empty, a user name may be empty") {
    CHECK(header("a", "b:c:") == "Basic YTpiOmM6");
    CHECK(header("a", "") == "Basic YTo=");
    CHECK(header("", "b") == "Basic OmI=");
}

TEST_CASE("BasicAuth: a long password makes one line") {
    const std::string text = header("a", std::string(4'096, 'x'));
    CHECK(text.find_first_of("\r\n") == std::string::npos);
    CHECK(text.size() == 6 + (2 + 4'096 + 2) / 3 * 4);
}

TEST_CASE("BasicAuth: refuses what it could not send, without showing it") {
    CHECK(refusal("canary:x", "y").find("colon") != std::string::npos);
    for (const std::string_view bad :
         {"canary\n"sv,
          "canary\r"sv,
          "canary\0"sv,
          "canary\t"sv,
          "canary\x7F"sv,
          "canary\xFF"sv,
          "canary\xC3"sv,
          "canary\xED\xA0\x80"sv}) {
        CAPTURE(bad);
        for (const std::string& text : {refusal(bad, "y"), refusal("x", bad)}) {
            CHECK_FALSE(text.empty());
            CHECK(text.find("canary") == std::string::npos);
        }
    }
}

TEST_CASE("BasicAuth: copies share one header, and a 401 is final") {
    NoContext context;
    const BasicAuth auth{"a", Secret{"b"}};
    const BasicAuth copy = auth;
    const AuthHeader first = auth.cached(context).value();
    CHECK(copy.cached(context).value() == first);
    CHECK_FALSE(auth.rejected(context, first));
    CHECK(auth.cached(context).value() == first);
}

}  // namespace basic_auth_test
