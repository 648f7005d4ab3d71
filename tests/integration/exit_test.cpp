// SPDX-License-Identifier: BSL-1.0
// A process that ends while threads of the library are at work: what they use stays until then.

#include <clarify/core/clock.hpp>
#include <clarify/http/detail/tls/tls_keeper.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/pki.hpp>
#include <support/temporary_directory.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace exit_test {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clarify::detail::TlsKeeper;

/// Has threads read a large file of authorities, and ends the process in the middle of it.
[[noreturn]] void end_while_reading(const std::string& ca_file, std::chrono::milliseconds after) {
    // As in a program whose context outlives `main`.
    auto& context = *new asio::io_context{1};
    auto& options = *new clarify::HttpOptions;
    options.tls.ca_file = ca_file;
    for (int i = 0; i != 2; ++i) {
        auto& keeper = *new TlsKeeper{options};
        asio::co_spawn(
            context,
            [&]() -> asio::awaitable<void> {
                co_await keeper.obtain(context.get_executor(), clarify::TimePoint::max());
            },
            asio::detached);
    }
    context.poll();
    std::this_thread::sleep_for(after);
    std::exit(7);
}

constexpr const char* child = "exit: a child that ends while it reads";

/// What `waitpid` says of a process that has not used OpenSSL before, and ends so.
int status_of_end(const std::string& ca_file, int milliseconds) {
    const std::string filter = std::string{"--test-case="} + child;
    const std::string after = std::to_string(milliseconds);
    std::fflush(nullptr);
    const pid_t process = ::fork();
    if (process == 0) {
        ::setenv("CLARIFY_EXIT_CA_FILE", ca_file.c_str(), 1);
        ::setenv("CLARIFY_EXIT_AFTER", after.c_str(), 1);
        ::execl("/proc/self/exe", "tests", "--no-skip", filter.c_str(), nullptr);
        ::_exit(1);
    }
    int status = -1;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace

TEST_CASE("exit: a child that ends while it reads" * doctest::skip()) {
    const char* const ca_file = std::getenv("CLARIFY_EXIT_CA_FILE");
    const char* const after = std::getenv("CLARIFY_EXIT_AFTER");
    if (ca_file == nullptr || after == nullptr) return;
    end_while_reading(ca_file, std::chrono::milliseconds{std::atoi(after)});
}

TEST_CASE("exit: OpenSSL is there as long as threads that read certificates use it") {
    const std::string pem = support::pki::Identity::self_signed().certificate_pem();
    std::string bundle;
    for (int i = 0; i != 1'000; ++i)
        bundle += pem;
    const support::TemporaryDirectory folder;
    folder.write("ca.pem", bundle);
    const std::string ca_file = (folder / "ca.pem").string();
    for (int i = 0; i != 12; ++i) {
        const int status = status_of_end(ca_file, 3 * i);
        CAPTURE(i);
        REQUIRE(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 7);
    }
}

}  // namespace exit_test
