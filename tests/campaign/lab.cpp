// SPDX-License-Identifier: BSL-1.0
// The process of the server and the chaos proxy.

#include "../support/chaos_proxy.hpp"
#include "campaign.hpp"
#include "ledger_server.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <new>
#include <stdexcept>
#include <thread>

namespace campaign {
namespace {

/// About one connection in two meets harm before it has carried a dozen calls. What the server
/// does comes on top, so that every tenth call or so meets a fault.
support::ChaosMix mix() {
    support::ChaosMix mix;
    mix.span = 8192;
    mix.delay = std::chrono::milliseconds{3};
    return mix;
}

[[noreturn]] void run_lab(const Settings& settings, Ledger& ledger) {
    // Ends with the campaign, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    LedgerServer server{settings, ledger};
    const support::ChaosProxy proxy{server.port(), mix().planner(settings.seed)};
    ledger.server_port = server.port();
    ledger.proxy_port = proxy.port();
    for (;;) {
        const support::ChaosStatistics seen = proxy.statistics();
        ledger.connections = seen.connections;
        ledger.fins = seen.fins;
        ledger.resets = seen.resets;
        ledger.half_closes = seen.half_closes;
        ledger.swallows = seen.swallows;
        ledger.ends_at_accept = seen.closed_at_accept;
        ledger.refusals = seen.refusals;
        ledger.open = static_cast<std::uint32_t>(seen.open);
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
}

}  // namespace

Lab::Lab(const Settings& settings) : bytes_(Ledger::bytes(settings.calls)) {
    void* const memory =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
    ledger_ = static_cast<Ledger*>(memory);
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error{"fork failed"};
    if (child_ == 0) {
        try {
            run_lab(settings, *ledger_);
        } catch (...) {
            ::_exit(1);
        }
    }
    // The pages are touched here, not during the measurement.
    for (std::uint32_t i = 0; i != settings.calls; ++i)
        ledger_->entry(i).executed.load(std::memory_order_relaxed);
    while (ledger_->proxy_port == 0) {
        if (::waitpid(child_, nullptr, WNOHANG) != 0)
            throw std::runtime_error{"the server could not be started"};
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

std::string_view server_fault_name(std::size_t fault) {
    return fault < fault_table.size() ? fault_table[fault].name : std::string_view{};
}

Lab::~Lab() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::munmap(ledger_, bytes_);
}

bool Lab::settle() {
    const auto until = Clock::now() + std::chrono::seconds{20};
    // The proxy's figures are a little old.
    for (int quiet = 0; quiet != 10;) {
        if (Clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        quiet = ledger_->busy == 0 && ledger_->open == 0 ? quiet + 1 : 0;
    }
    return true;
}

}  // namespace campaign
