// SPDX-License-Identifier: BSL-1.0
// Threads for what blocks: how many there are, who waits for whom, and that nobody waits for them.

#include <clarify/core/detail/blocking_workers.hpp>
#include <clarify/core/detail/process.hpp>

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace blocking_workers_test {

using namespace std::chrono_literals;
using clarify::detail::BlockingJob;
using clarify::detail::BlockingWorkers;
using clarify::detail::of_process;

namespace {

/// What jobs and the test tell each other.
struct Bench {
    struct Job final : BlockingJob {
        Job(std::shared_ptr<Bench> to, bool waits, bool delays = false)
            : bench(std::move(to)), hangs(waits), delays_the_exit(delays) {}
        bool delays_exit() const noexcept override { return delays_the_exit; }
        void run() noexcept override {
            std::unique_lock lock{bench->mutex};
            ++bench->begun;
            bench->changed.notify_all();
            if (hangs) bench->changed.wait(lock, [this] { return bench->released; });
            ++bench->ended;
            bench->changed.notify_all();
        }
        std::shared_ptr<Bench> bench;
        bool hangs;
        bool delays_the_exit;
    };

    template <class Condition>
    bool wait(Condition condition, std::chrono::milliseconds at_most = 20s) {
        std::unique_lock lock{mutex};
        return changed.wait_for(lock, at_most, condition);
    }
    void release() {
        const std::lock_guard lock{mutex};
        released = true;
        changed.notify_all();
    }

    std::mutex mutex;
    std::condition_variable changed;
    int begun = 0;
    int ended = 0;
    bool released = false;
};

BlockingWorkers::Limits limits(std::size_t threads, std::size_t waiting = 100) {
    BlockingWorkers::Limits out;
    out.threads = threads;
    out.waiting = waiting;
    return out;
}

/// Waits for threads to end.
bool reaches(const BlockingWorkers& workers, std::size_t threads) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (workers.threads() != threads && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(1ms);
    return workers.threads() == threads;
}

}  // namespace

TEST_CASE("BlockingWorkers: a job that hangs holds up no other") {
    const auto bench = std::make_shared<Bench>();
    BlockingWorkers workers{limits(4)};
    CHECK(workers.threads() == 0);
    for (int i = 0; i != 3; ++i)
        workers.start(std::make_shared<Bench::Job>(bench, true));
    for (int i = 0; i != 20; ++i)
        workers.start(std::make_shared<Bench::Job>(bench, false));
    CHECK(bench->wait([&] { return bench->ended == 20; }));
    CHECK(workers.threads() <= 4);
    bench->release();
    CHECK(bench->wait([&] { return bench->ended == 23; }));
}

TEST_CASE("BlockingWorkers: what comes when all threads hang waits, up to a limit") {
    const auto bench = std::make_shared<Bench>();
    BlockingWorkers workers{limits(2, 3)};
    for (int i = 0; i != 2; ++i) {
        workers.start(std::make_shared<Bench::Job>(bench, true));
        REQUIRE(bench->wait([&] { return bench->begun == i + 1; }));
    }
    for (int i = 0; i != 3; ++i)
        workers.start(std::make_shared<Bench::Job>(bench, false));
    CHECK_THROWS_AS(workers.start(std::make_shared<Bench::Job>(bench, false)), std::system_error);
    CHECK_FALSE(bench->wait([&] { return bench->begun > 2; }, 50ms));
    CHECK(workers.threads() == 2);
    bench->release();
    CHECK(bench->wait([&] { return bench->ended == 5; }));
}

TEST_CASE("BlockingWorkers: one thread serves many jobs, one by one, and ends when it has rested") {
    const auto bench = std::make_shared<Bench>();
    BlockingWorkers::Limits some = limits(8);
    some.rest = 20ms;
    BlockingWorkers workers{some};
    for (int i = 0; i != 5; ++i) {
        workers.start(std::make_shared<Bench::Job>(bench, false));
        REQUIRE(bench->wait([&] { return bench->ended == i + 1; }));
    }
    CHECK(reaches(workers, 0));
    workers.start(std::make_shared<Bench::Job>(bench, false));
    CHECK(bench->wait([&] { return bench->ended == 6; }));
}

TEST_CASE("BlockingWorkers: nobody waits for a job, and a job may outlive what started it") {
    const auto bench = std::make_shared<Bench>();
    const auto began = std::chrono::steady_clock::now();
    {
        BlockingWorkers workers{limits(1)};
        workers.start(std::make_shared<Bench::Job>(bench, true));
        workers.start(std::make_shared<Bench::Job>(bench, false));
    }
    CHECK(std::chrono::steady_clock::now() - began < 10s);
    bench->release();
    CHECK(bench->wait([&] { return bench->ended == 2; }));
}

TEST_CASE("BlockingWorkers: the end of the process waits for jobs that say so, and begins none") {
    const auto bench = std::make_shared<Bench>();
    BlockingWorkers workers{limits(4)};
    workers.start(std::make_shared<Bench::Job>(bench, true));
    REQUIRE(bench->wait([&] { return bench->begun == 1; }));
    workers.settle(20s);  // would wait so long if it waited for that one
    CHECK(bench->ended == 0);

    BlockingWorkers others{limits(1)};
    others.start(std::make_shared<Bench::Job>(bench, true, true));
    REQUIRE(bench->wait([&] { return bench->begun == 2; }));
    others.start(std::make_shared<Bench::Job>(bench, false, true));
    others.start(std::make_shared<Bench::Job>(bench, false));
    others.settle(1ms);
    CHECK(bench->ended == 0);
    std::thread settling{[&] {
        others.settle(20s);
        const std::lock_guard lock{bench->mutex};
        CHECK(bench->ended >= 2);
    }};
    bench->release();
    settling.join();
    // The second one that delays it was not begun; the one after it was.
    REQUIRE(bench->wait([&] { return bench->ended == 3; }));
    CHECK_FALSE(bench->wait([&] { return bench->begun == 4; }, 50ms));
}

TEST_CASE("BlockingWorkers: threads get no signals") {
    struct Mask final : BlockingJob {
        explicit Mask(std::shared_ptr<Bench> to) : bench(std::move(to)) {}
        void run() noexcept override {
            sigset_t blocked;
            ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
            const std::lock_guard lock{bench->mutex};
            bench->ended = ::sigismember(&blocked, SIGTERM) + ::sigismember(&blocked, SIGCHLD);
            bench->released = true;
            bench->changed.notify_all();
        }
        std::shared_ptr<Bench> bench;
    };
    const auto bench = std::make_shared<Bench>();
    BlockingWorkers workers{limits(1)};
    workers.start(std::make_shared<Mask>(bench));
    REQUIRE(bench->wait([&] { return bench->released; }));
    CHECK(bench->ended == 2);
    sigset_t here;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &here);
    CHECK(::sigismember(&here, SIGTERM) == 0);
}

TEST_CASE("of_process: one for all who ask in a process") {
    CHECK(&of_process<BlockingWorkers>() == &of_process<BlockingWorkers>());
}

}  // namespace blocking_workers_test
