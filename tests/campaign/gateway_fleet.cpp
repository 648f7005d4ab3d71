// SPDX-License-Identifier: BSL-1.0
// Many gateways of one integration before a service with its limiter on: how fast they insert together, and how long a
// sample takes, with a shared pace or without.

#include <clarify/testing/emulator.hpp>

#include "../cli/gateway_process.hpp"
#include "../cli/gateway_sender.hpp"
#include "../support/temporary_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using gateway_test::GatewayProcess;
using gateway_test::Sender;
using Steady = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr const char* help =
    R"(Usage: CLARIFY_GATEWAY=PROGRAM clarify_fleet_campaign [--gateways N] [--senders N] [--seconds N] [--alone]

Has N gateways (20) of one integration with as many senders each (50) take a sample a second of each sender for so many
seconds (60), before a service that takes one insert a second, lets others wait for 10 s and then refuses them. One
sender of each gateway waits until its sample is stored. With --alone each gateway keeps its own pace.

Exits with 1 if a sample that was acknowledged is not stored; or, unless --alone, if the service refused an insert, there
were more than 1.05 inserts a second, or more than one token was fetched.
)";

struct Settings {
    unsigned gateways = 20;
    unsigned senders = 50;
    unsigned seconds = 60;
    bool is_alone = false;
};

/// A gateway, and those who send to it.
class Member {
public:
    Member(const Settings& settings, unsigned number, std::vector<std::string> options)
        : settings_(settings), number_(number), gateway_(std::move(options)) {
        for (unsigned i = 0; i != settings.senders; ++i)
            senders_.push_back(std::make_unique<Sender>(gateway_));
    }

    /// Until `end`: each sender a sample a second, the first one each time its last one is stored.
    void send(Steady::time_point start, Steady::time_point end) {
        std::thread waiting{[&] { send_and_wait(end); }};
        for (unsigned row = 0; Steady::now() < end; ++row) {
            for (unsigned i = 1; i < settings_.senders; ++i) {
                const auto reply = senders_[i]->post(sample(i, row));
                if (reply.result_int() == 202) ++acknowledged_;
            }
            std::this_thread::sleep_until(start + std::chrono::seconds{row + 1});
        }
        waiting.join();
    }
    /// Ends it, and says how it ended.
    int end() {
        gateway_.send_signal(SIGTERM);
        return gateway_.wait();
    }

    unsigned sharers() {
        const auto status = boost::json::parse(senders_[1]->get("/status").body());
        return static_cast<unsigned>(status.at("pace_sharers").as_int64());
    }
    std::uint64_t acknowledged() const { return acknowledged_; }
    Seconds longest() const { return longest_; }
    std::uint64_t unanswered() const { return unanswered_; }

private:
    std::string sample(unsigned sender, unsigned row) const {
        return R"({"times":["2026-01-01T00:)" + std::to_string(10 + row / 60 % 50) + ':' +
            std::to_string(100 + row % 60).substr(1) + R"(Z"],"series":{"g)" +
            std::to_string(number_) + "s" + std::to_string(sender) + R"(":[1]}})";
    }
    void send_and_wait(Steady::time_point end) {
        for (unsigned row = 0; Steady::now() < end; ++row) {
            const Steady::time_point asked = Steady::now();
            const auto reply = senders_[0]->post_and_wait(sample(0, row));
            if (reply.result_int() == 200 || reply.result_int() == 202) ++acknowledged_;
            // Not within the gateway's --timeout: it is answered 202 then, and stored later.
            if (reply.result_int() != 200) ++unanswered_;
            longest_ = std::max(longest_, Seconds{Steady::now() - asked});
        }
    }

    const Settings& settings_;
    const unsigned number_;
    GatewayProcess gateway_;
    std::vector<std::unique_ptr<Sender>> senders_;
    std::atomic<std::uint64_t> acknowledged_ = 0, unanswered_ = 0;
    Seconds longest_{0};
};

/// When the service executed inserts.
class Watch {
public:
    explicit Watch(const clarify::testing::Emulator& emulator)
        : emulator_(emulator), thread_([this] { run(); }) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() {
        is_over_ = true;
        thread_.join();
    }

    std::uint64_t inserts() const {
        const auto methods = emulator_.stats().methods;
        const auto found = methods.find("integration.insert");
        return found == methods.end() ? 0 : found->second;
    }
    /// From the first to the last.
    double a_second() const {
        const std::uint64_t count = inserts();
        return count < 2 ? 0 : static_cast<double>(count - 1) / Seconds{last_ - *first_}.count();
    }

private:
    void run() {
        for (std::uint64_t seen = 0; !is_over_;) {
            const std::uint64_t now = inserts();
            if (now != seen) {
                last_ = Steady::now();
                if (!first_) first_ = last_;
            }
            seen = now;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
    }

    const clarify::testing::Emulator& emulator_;
    std::optional<Steady::time_point> first_;
    Steady::time_point last_;
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

int run(const Settings& settings) {
    clarify::testing::EmulatorOptions service;
    service.tls = false;
    service.rate_limits = true;
    const clarify::testing::Emulator emulator{service};
    const support::TemporaryDirectory folder;
    const std::string credentials =
        folder.write("credentials.json", emulator.credentials_json()).string();
    std::vector<std::unique_ptr<Member>> members;
    for (unsigned i = 0; i != settings.gateways; ++i) {
        std::vector<std::string> options{"--host", "gateway", "--credentials", credentials};
        const std::string cache = settings.is_alone ? "cache-" + std::to_string(i) : "cache";
        options.insert(options.end(), {"--token-cache", (folder / cache).string()});
        // Long enough for all that wait to be stored.
        options.insert(options.end(), {"--drain", "120s", "--max-sessions", "256"});
        members.push_back(std::make_unique<Member>(settings, i, std::move(options)));
    }
    Watch watch{emulator};
    const Steady::time_point start = Steady::now();
    const Steady::time_point end = start + std::chrono::seconds{settings.seconds};
    std::vector<std::thread> threads;
    for (const auto& member : members)
        threads.emplace_back([&] { member->send(start, end); });
    for (std::thread& thread : threads)
        thread.join();
    const unsigned sharers = members.front()->sharers();
    threads.clear();
    std::atomic<unsigned> failed = 0;
    for (const auto& member : members)
        threads.emplace_back([&] { failed += member->end() == 0 ? 0 : 1; });
    for (std::thread& thread : threads)
        thread.join();

    std::uint64_t acknowledged = 0, unanswered = 0, stored = 0;
    Seconds longest{0};
    for (const auto& member : members) {
        acknowledged += member->acknowledged();
        unanswered += member->unanswered();
        longest = std::max(longest, member->longest());
    }
    for (unsigned i = 0; i != settings.gateways; ++i) {
        for (unsigned s = 0; s != settings.senders; ++s)
            stored += emulator.sample_count("g" + std::to_string(i) + "s" + std::to_string(s));
    }
    const auto stats = emulator.stats();
    std::printf(
        "%u gateways, %u senders each, %u s, %s: %llu samples acknowledged, %llu stored; %llu "
        "inserts, %.3f a "
        "second; %llu waited in the service, %llu were refused; %llu tokens; longest until stored "
        "%.1f s, %llu "
        "acknowledged before they were; %u share\n",
        settings.gateways,
        settings.senders,
        settings.seconds,
        settings.is_alone ? "each alone" : "one pace",
        static_cast<unsigned long long>(acknowledged),
        static_cast<unsigned long long>(stored),
        static_cast<unsigned long long>(watch.inserts()),
        watch.a_second(),
        static_cast<unsigned long long>(stats.queued),
        static_cast<unsigned long long>(stats.queue_timeouts),
        static_cast<unsigned long long>(stats.token_requests),
        longest.count(),
        static_cast<unsigned long long>(unanswered),
        sharers);
    if (stored < acknowledged || failed != 0) return EXIT_FAILURE;
    if (settings.is_alone) return EXIT_SUCCESS;
    const bool is_one = stats.queue_timeouts == 0 && watch.a_second() <= 1.05 &&
        stats.token_requests == 1 && sharers == settings.gateways;
    return is_one ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    try {
        for (int i = 1; i != argc; ++i) {
            const std::string_view option = argv[i];
            if (option == "--alone") {
                settings.is_alone = true;
                continue;
            }
            unsigned* const number = option == "--gateways" ? &settings.gateways
                : option == "--senders"                     ? &settings.senders
                : option == "--seconds"                     ? &settings.seconds
                                                            : nullptr;
            if (number == nullptr || ++i == argc) {
                std::fputs(help, stderr);
                return 2;
            }
            *number = static_cast<unsigned>(std::stoul(argv[i]));
        }
        if (settings.gateways == 0 || settings.senders < 2) throw std::invalid_argument{"too few"};
        return run(settings);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "clarify_fleet_campaign: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
