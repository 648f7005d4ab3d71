// SPDX-License-Identifier: BSL-1.0
// A redis-server of a test's own, which may be killed, started again, paused, and looked into.

#ifndef CLARIFY_TESTS_INTEGRATION_REDIS_SERVER_HPP
#define CLARIFY_TESTS_INTEGRATION_REDIS_SERVER_HPP

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <support/pki.hpp>
#include <support/temporary_directory.hpp>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/** On a port of the loopback that was free a moment ago, without persistence.

    The test looks into it through a socket in the file system, whatever it demands of others.
*/
class RedisServer {
public:
    /// The program on this machine; empty where there is none. It also has the name of the check of its
    /// files, under which a distribution may have it without a service.
    static std::string program() {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): read only
        const char* const path = std::getenv("PATH");
        for (const char* const name : {"/redis-server", "/redis-check-rdb"}) {
            std::string_view rest = path != nullptr ? path : "";
            while (!rest.empty()) {
                const std::string_view folder = rest.substr(0, rest.find(':'));
                std::string file = std::string{folder} + name;
                if (::access(file.c_str(), X_OK) == 0) return file;
                rest.remove_prefix((std::min)(folder.size() + 1, rest.size()));
            }
        }
        return {};
    }
    /// Without it the tests that need one say so, and end.
    static bool is_there() { return !program().empty(); }

    explicit RedisServer(std::vector<std::string> arguments = {}, std::string password = {})
        : arguments_(std::move(arguments)), password_(std::move(password)) {
        if (!password_.empty()) add({"--requirepass", password_});
        start();
    }
    /// Takes nothing but TLS, and shows `identity`.
    explicit RedisServer(const pki::Identity& identity) : is_tls_(true) {
        add({"--tls-cert-file", folder_.write("cert.pem", identity.chain_pem()).string()});
        add({"--tls-key-file", folder_.write("key.pem", identity.key_pem()).string()});
        add({"--tls-ca-cert-file", folder_.write("ca.pem", identity.chain_pem()).string()});
        add({"--tls-auth-clients", "no"});
        start();
    }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;
    ~RedisServer() { kill(); }

    /// `user` is what stands before the host.
    std::string url(std::string_view user = {}) const {
        return (is_tls_ ? "rediss://" : "redis://") + std::string{user} +
            "127.0.0.1:" + std::to_string(port_);
    }
    std::uint16_t port() const noexcept { return port_; }

    void kill() {
        control_.reset();
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
    }
    /// On the same port, if it was started before.
    void start() {
        for (int attempt = 0; attempt != 3; ++attempt) {
            if (port_ == 0) port_ = free_port();
            launch();
            if (is_ready()) return;
            kill();
            port_ = 0;
        }
        throw std::runtime_error{"redis-server does not start"};
    }
    void pause() { ::kill(process_, SIGSTOP); }
    void resume() { ::kill(process_, SIGCONT); }

    /// What it answers: `(nil)` for nothing, the members of a list in lines.
    std::string ask(const std::vector<std::string>& words) {
        if (!control_) throw std::runtime_error{"no redis-server"};
        std::vector<const char*> starts;
        std::vector<std::size_t> sizes;
        for (const std::string& word : words) {
            starts.push_back(word.data());
            sizes.push_back(word.size());
        }
        const std::unique_ptr<redisReply, void (*)(redisReply*)> reply{
            static_cast<redisReply*>(redisCommandArgv(
                control_.get(), static_cast<int>(words.size()), starts.data(), sizes.data())),
            [](redisReply* which) { freeReplyObject(which); }};
        return reply ? text_of(*reply) : "(broken)";
    }
    /// The names of all keys, sorted.
    std::vector<std::string> keys() {
        std::vector<std::string> out;
        std::string_view rest;
        const std::string all = ask({"KEYS", "*"});
        for (rest = all; !rest.empty();) {
            const std::size_t end = rest.find('\n');
            out.emplace_back(rest.substr(0, end));
            rest.remove_prefix((std::min)(end, rest.size() - 1) + 1);
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    /// The one key whose name ends like this; empty where there is none.
    std::string key(std::string_view end) {
        for (const std::string& each : keys()) {
            if (each.ends_with(end)) return each;
        }
        return {};
    }

private:
    void add(std::initializer_list<std::string> words) {
        arguments_.insert(arguments_.end(), words.begin(), words.end());
    }
    static std::uint16_t free_port() {
        const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        const bool fine =
            ::bind(descriptor, any, size) == 0 && ::getsockname(descriptor, any, &size) == 0;
        ::close(descriptor);
        return fine ? ntohs(address.sin_port) : std::uint16_t{0};
    }
    void launch() {
        const std::string port = std::to_string(port_);
        std::vector<std::string> words{
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            is_tls_ ? "0" : port,
            "--save",
            "",
            "--dir",
            folder_.path().string(),
            "--unixsocket",
            (folder_ / "socket").string()};
        if (is_tls_) words.insert(words.end(), {"--tls-port", port});
        words.insert(words.end(), arguments_.begin(), arguments_.end());
        std::vector<char*> pointers;
        for (std::string& word : words)
            pointers.push_back(word.data());
        pointers.push_back(nullptr);
        const std::string file = program();
        const std::string log = (folder_ / "log").string();
        process_ = ::fork();
        if (process_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execv(file.c_str(), pointers.data());
        ::_exit(127);
    }
    bool is_ready() {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (std::chrono::steady_clock::now() < until) {
            control_.reset(redisConnectUnix((folder_ / "socket").c_str()));
            if (control_ && control_->err == 0) {
                if (!password_.empty()) ask({"AUTH", password_});
                if (ask({"PING"}) == "PONG") return true;
            }
            int status = 0;
            if (::waitpid(process_, &status, WNOHANG) != 0) {
                process_ = -1;
                return false;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        return false;
    }
    static std::string text_of(const redisReply& reply) {
        switch (reply.type) {
            case REDIS_REPLY_NIL:
                return "(nil)";
            case REDIS_REPLY_INTEGER:
                return std::to_string(reply.integer);
            case REDIS_REPLY_ARRAY: {
                std::string out;
                for (std::size_t i = 0; i != static_cast<std::size_t>(reply.elements); ++i)
                    out += (i == 0 ? "" : "\n") + text_of(*reply.element[i]);
                return out;
            }
            default:
                return {reply.str, static_cast<std::size_t>(reply.len)};
        }
    }

    struct Deleter {
        void operator()(redisContext* which) const noexcept { redisFree(which); }
    };

    TemporaryDirectory folder_;
    std::vector<std::string> arguments_;
    std::string password_;
    bool is_tls_ = false;
    std::uint16_t port_ = 0;
    pid_t process_ = -1;
    std::unique_ptr<redisContext, Deleter> control_;
};

}  // namespace support

#endif  // CLARIFY_TESTS_INTEGRATION_REDIS_SERVER_HPP
