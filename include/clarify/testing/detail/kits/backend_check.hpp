// SPDX-License-Identifier: BSL-1.0
// What a case of the HTTP backend's conformance kit works with: a backend of any type, servers that
// can be cut from outside, and a place for what was seen.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_CHECK_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_CHECK_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/event.hpp>
#include <clarify/http/http_options.hpp>
#include <clarify/testing/detail/certificate.hpp>
#include <clarify/testing/detail/kits/raw_server.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// A backend of any type, so that the cases are compiled once.
class BackendUnderTest {
public:
    virtual ~BackendUnderTest() = default;
    virtual boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) = 0;
    virtual void close() noexcept = 0;
    /// False if the backend has no such function; so the two that follow.
    virtual bool drain() noexcept = 0;
    virtual bool retire() noexcept = 0;
    virtual bool observe(Observer observer) = 0;
    /// Puts a backend that is move-constructed from the present one in its place.
    virtual void relocate() = 0;
};

template <HttpBackend Backend>
class HeldBackend final : public BackendUnderTest {
public:
    explicit HeldBackend(Backend backend)
        : backend_(std::make_unique<Backend>(std::move(backend))) {}

    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) override {
        return backend_->post(request, response, progress);
    }
    void close() noexcept override { backend_->close(); }
    bool drain() noexcept override {
        constexpr bool drains = requires(Backend & backend) {
            { backend.drain() }
            noexcept;
        };
        if constexpr (drains) backend_->drain();
        return drains;
    }
    bool retire() noexcept override {
        constexpr bool retires = requires(Backend & backend) {
            { backend.retire() }
            noexcept;
        };
        if constexpr (retires) backend_->retire();
        return retires;
    }
    bool observe(Observer observer) override {
        constexpr bool observes = requires(Backend & backend) { backend.observe(observer); };
        if constexpr (observes) backend_->observe(std::move(observer));
        return observes;
    }
    void relocate() override { backend_ = std::make_unique<Backend>(std::move(*backend_)); }

private:
    std::unique_ptr<Backend> backend_;
};

using BackendMaker = std::function<std::shared_ptr<BackendUnderTest>(const HttpOptions&)>;

/// Ends a case whose exchange does not end.
struct DidNotComplete : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One run of one case. Outlives the case's thread, also where that has to be abandoned.
class BackendCheck {
public:
    BackendCheck(
        BackendMaker make,
        std::shared_ptr<const CertificateAuthority> authority,
        Clock::duration patience)
        : make_(std::move(make)),
          authority_(std::move(authority)),
          limit_(Clock::now() + patience) {}
    BackendCheck(const BackendCheck&) = delete;
    BackendCheck& operator=(const BackendCheck&) = delete;

    std::shared_ptr<BackendUnderTest> make(const HttpOptions& options) const {
        return make_(options);
    }
    const CertificateAuthority& authority() const noexcept { return *authority_; }
    /// Trusts the authority; small limits, short time-outs.
    HttpOptions options() const;
    /// When the case is given up.
    TimePoint limit() const noexcept { return limit_; }

    /// Notes a broken promise. `seen` goes on from "but". Only the first few are kept.
    void problem(std::string seen) {
        const std::lock_guard lock{mutex_};
        if (problems_.size() == most_problems) {
            ++more_problems_;
        } else {
            problems_.push_back(std::move(seen));
        }
    }
    /// Says why the promise, or a part of it, cannot be tried with this backend or on this machine.
    void skip(std::string why) {
        const std::lock_guard lock{mutex_};
        if (not_judged_.empty()) not_judged_ = std::move(why);
    }
    /// Says that no other case can be run with this backend: it would take the program down.
    void give_up() noexcept { given_up_ = true; }
    /// Notes a broken promise unless `kept`, which it returns.
    bool expect(bool kept, std::string_view seen) {
        if (!kept) problem(std::string{seen});
        return kept;
    }
    /// Waits, without running anything, until `done()`; false if that takes longer than `most`.
    template <class Done>
    static bool wait_until(Done done, Clock::duration most) {
        const TimePoint until = Clock::now() + most;
        while (!done()) {
            if (Clock::now() >= until) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return true;
    }

    // For the runner and the servers.
    bool given_up() const noexcept { return given_up_; }
    std::vector<std::string> problems() const {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> all = problems_;
        if (more_problems_ != 0)
            all.push_back("there were " + std::to_string(more_problems_) + " more");
        if (given_up_) all.push_back("the other cases were not run: they might crash the program");
        return all;
    }
    std::string not_judged() const {
        const std::lock_guard lock{mutex_};
        return not_judged_;
    }
    void enlist(RawServer& server) {
        const std::lock_guard lock{mutex_};
        servers_.push_back(&server);
    }
    void dismiss(RawServer& server) {
        const std::lock_guard lock{mutex_};
        std::erase(servers_, &server);
    }
    /// Frees whoever blocks on a connection to a server of this case.
    void cut_servers() {
        const std::lock_guard lock{mutex_};
        for (RawServer* const server : servers_)
            server->cut();
    }

private:
    BackendMaker make_;
    std::shared_ptr<const CertificateAuthority> authority_;
    TimePoint limit_;
    /// Enough to see what is wrong.
    static constexpr std::size_t most_problems = 5;
    std::atomic<bool> given_up_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> problems_;
    std::size_t more_problems_ = 0;
    std::string not_judged_;
    std::vector<RawServer*> servers_;
};

/// A server that is cut when its case takes too long.
class BackendServer : public RawServer {
public:
    BackendServer(BackendCheck& check, Script script, const std::string& address = "127.0.0.1")
        : RawServer(std::move(script), address), check_(check) {
        check_.enlist(*this);
    }
    ~BackendServer() { check_.dismiss(*this); }

private:
    BackendCheck& check_;
};

/// One line of the suite.
struct BackendCase {
    const char* name;
    const char* promise;
    void (*run)(BackendCheck&);
};

inline HttpOptions BackendCheck::options() const {
    HttpOptions options;
    options.max_connections = 8;
    options.max_waiting = 64;
    options.connect_timeout = std::chrono::seconds{3};
    options.address_timeout = std::chrono::seconds{1};
    options.tls_timeout = std::chrono::seconds{3};
    options.max_response_head = std::size_t{8} << 10U;
    options.tls.ca_pem = authority_->certificate_pem();
    return options;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_CHECK_HPP
