// SPDX-License-Identifier: BSL-1.0
// Plain http to a name of this machine goes to no other one, whatever a resolver says.

#include <clarify/http/detail/beast/connector.hpp>
#include <clarify/http/detail/connect/loopback.hpp>
#include <clarify/http/detail/curl/curl_socket.hpp>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <support/world.hpp>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace loopback_test {

using namespace clarify;
using clarify::detail::allowed_endpoints;
using clarify::detail::Endpoint;
using clarify::detail::is_loopback;

namespace {

std::vector<Endpoint> endpoints(const std::vector<std::string>& addresses) {
    std::vector<Endpoint> out;
    for (const std::string& address : addresses)
        out.emplace_back(boost::asio::ip::make_address(address), static_cast<std::uint16_t>(80));
    return out;
}

const std::vector<std::string> near{"127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"};
const std::vector<std::string> far{
    "192.0.2.1", "0.0.0.0", "::", "126.255.255.255", "::ffff:192.0.2.1", "::127.0.0.1", "fe80::1"};

/// As libcurl hands an address over: in more memory than its type has.
struct CurlAddress {
    explicit CurlAddress(const boost::asio::ip::address& address) {
        const Endpoint endpoint{address, 80};
        auto& shown = *reinterpret_cast<curl_sockaddr*>(memory);
        shown.family = address.is_v6() ? AF_INET6 : AF_INET;
        shown.addrlen = static_cast<unsigned>(endpoint.size());
        std::memcpy(memory + offsetof(curl_sockaddr, addr), endpoint.data(), endpoint.size());
    }
    const curl_sockaddr& get() const { return *reinterpret_cast<const curl_sockaddr*>(memory); }

    alignas(curl_sockaddr) unsigned char memory[sizeof(curl_sockaddr) + sizeof(sockaddr_storage)]{};
};

}  // namespace

TEST_CASE("loopback: which addresses are this machine's") {
    for (const std::string& text : near) {
        INFO(text);
        const auto address = boost::asio::ip::make_address(text);
        CHECK(is_loopback(address));
        CHECK(clarify::detail::leads_to_this_machine(CurlAddress{address}.get()));
    }
    for (const std::string& text : far) {
        INFO(text);
        const auto address = boost::asio::ip::make_address(text);
        CHECK_FALSE(is_loopback(address));
        CHECK_FALSE(clarify::detail::leads_to_this_machine(CurlAddress{address}.get()));
    }
}

TEST_CASE("loopback: of what a resolver says of localhost, only this machine counts") {
    const auto all = endpoints({"192.0.2.1", "127.0.0.1", "::1"});
    const Url plain = Url::parse("http://localhost/").value();
    CHECK((*allowed_endpoints(all, plain) == endpoints({"127.0.0.1", "::1"})));
    // A certificate decides, or the user did.
    CHECK((*allowed_endpoints(all, *Url::parse("https://localhost/")) == all));
    CHECK((*allowed_endpoints(all, *Url::parse("http://api.example/")) == all));
    const auto refused = allowed_endpoints(endpoints(far), plain);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == Errc::bad_config);
    CHECK(refused.error().reason() == Reason::insecure);
    CHECK(refused.error().fate() == Fate::unsent);
}

TEST_CASE("loopback: a client connects to no other machine for localhost") {
    support::WorldOptions options;
    options.tls = false;
    support::World world{options};
    world.net.name("localhost", {boost::asio::ip::make_address("192.0.2.1")});
    const auto call = world.call();
    REQUIRE(call->outcome);
    REQUIRE_FALSE(call->outcome->has_value());
    CHECK(call->outcome->error().reason() == Reason::insecure);
    world.net.name(
        "localhost",
        {boost::asio::ip::make_address("192.0.2.1"), boost::asio::ip::make_address("127.0.0.1")});
    world.clock->advance(std::chrono::minutes{2});
    world.settle();
    CHECK(world.call()->outcome->has_value());
}

}  // namespace loopback_test
