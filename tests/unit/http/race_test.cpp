// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/beast/race.hpp>

#include <boost/asio/error.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace race_test {

using namespace clarify;
using namespace clarify::detail;

namespace {

/// Addresses in the order in which they would be tried.
std::string order(std::initializer_list<const char*> addresses) {
    std::vector<Endpoint> endpoints;
    for (const char* address : addresses)
        endpoints.emplace_back(boost::asio::ip::make_address(address), 443);
    std::string text;
    for (const Endpoint& endpoint : interleave(endpoints)) {
        CHECK(endpoint.port() == 443);
        text += endpoint.address().to_string() + ' ';
    }
    return text;
}

}  // namespace

TEST_CASE("race: alternates the address families, the first one's first") {
    CHECK(order({"::1", "::2", "10.0.0.1", "10.0.0.2"}) == "::1 10.0.0.1 ::2 10.0.0.2 ");
    CHECK(order({"10.0.0.1", "10.0.0.2", "::1", "::2"}) == "10.0.0.1 ::1 10.0.0.2 ::2 ");
    CHECK(order({"10.0.0.1", "::1", "10.0.0.2"}) == "10.0.0.1 ::1 10.0.0.2 ");
    CHECK(order({"::1", "::2", "::3", "10.0.0.1"}) == "::1 10.0.0.1 ::2 ::3 ");
    CHECK(order({"::1", "10.0.0.1", "10.0.0.2", "10.0.0.3"}) == "::1 10.0.0.1 10.0.0.2 10.0.0.3 ");
}

TEST_CASE("race: keeps the order within one family") {
    CHECK(order({"10.0.0.3", "10.0.0.1", "10.0.0.2"}) == "10.0.0.3 10.0.0.1 10.0.0.2 ");
    CHECK(order({"::3", "::1"}) == "::3 ::1 ");
    CHECK(order({"::1"}) == "::1 ");
    CHECK(order({}).empty());
}

TEST_CASE("race: knows why a connection could not be made") {
    namespace errc = boost::system::errc;
    struct Row {
        errc::errc_t error;
        Reason reason;
    };
    for (const Row& row : {
             Row{errc::connection_refused, Reason::refused},
             Row{errc::connection_reset, Reason::refused},
             Row{errc::host_unreachable, Reason::unreachable},
             Row{errc::network_unreachable, Reason::unreachable},
             Row{errc::network_down, Reason::unreachable},
             Row{errc::permission_denied, Reason::denied},
             Row{errc::operation_not_permitted, Reason::denied},
             Row{errc::address_not_available, Reason::resource},
             Row{errc::no_buffer_space, Reason::resource},
             Row{errc::too_many_files_open, Reason::resource},
             Row{errc::too_many_files_open_in_system, Reason::resource},
             Row{errc::not_enough_memory, Reason::resource},
             Row{errc::timed_out, Reason::none},
             Row{errc::invalid_argument, Reason::none},
         }) {
        CAPTURE(row.error);
        CHECK(connect_reason(errc::make_error_code(row.error)) == row.reason);
        // As the system reports it.
        CHECK(
            connect_reason({static_cast<int>(row.error), boost::system::system_category()}) ==
            row.reason);
    }
    CHECK(connect_reason(boost::asio::error::connection_refused) == Reason::refused);
    CHECK(connect_reason(boost::asio::error::host_not_found) == Reason::none);
    CHECK(connect_reason({}) == Reason::none);
}

}  // namespace race_test
