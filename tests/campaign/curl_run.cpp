// SPDX-License-Identifier: BSL-1.0
// The calls of the campaign, made with libcurl as an application would that has no client library.
//
// A pool of threads, one for each call in flight, each with an easy handle that keeps its connection
// (which is libcurl's own pool of one). Each attempt may take what is left of the call's deadline.
// Replies are checked: the status, and the id of the JSON-RPC reply. The token is shared by all and
// fetched anew by whoever hears 401 first; then the call is made once more.
//
// With more than one attempt, a failure that looks like one of the connection (refused, send, receive,
// empty or partial reply) and the statuses 429, 500, 502, 503 and 504 are tried again after a short
// pause: the loop that most applications have around their requests. A time-out is not tried again.
// With one attempt, what is sent twice is sent by libcurl itself: a request on a kept connection that
// ends without a byte of reply goes out once more on a new one, a POST too.

#include "campaign.hpp"

#if defined(CAMPAIGN_HAS_CURL)

#include <curl/curl.h>

#include <charconv>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace campaign {
namespace {

std::size_t append(char* data, std::size_t size, std::size_t count, void* text) {
    static_cast<std::string*>(text)->append(data, size * count);
    return size * count;
}

/// The number behind `key`, or -1.
long long number(const std::string& text, std::string_view key) {
    const std::size_t at = text.find(key);
    long long value = -1;
    if (at == std::string::npos) return value;
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
    return value;
}

/// An easy handle with what all requests have in common.
class Handle {
public:
    Handle() : easy_(curl_easy_init()) {
        curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, append);
        curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &reply);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { curl_easy_cleanup(easy_); }

    CURLcode post(
        const std::string& url,
        const std::string& body,
        const std::string& token,
        std::chrono::milliseconds limit) {
        curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
        if (!token.empty())
            headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
        reply.clear();
        status = 0;
        curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
        const CURLcode code = curl_easy_perform(easy_);
        if (code == CURLE_OK) curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
        curl_slist_free_all(headers);
        return code;
    }

    std::string reply;
    long status = 0;

private:
    CURL* easy_;
};

/// The token that all threads share.
class Token {
public:
    explicit Token(std::string url) : url_(std::move(url)) {}

    std::string get(Handle& handle, const std::string& rejected) {
        const std::lock_guard lock{mutex_};
        if (token_ == rejected) {
            handle.post(url_, "grant_type=client_credentials", {}, std::chrono::milliseconds{400});
            const std::size_t at = handle.reply.find("token-");
            if (at != std::string::npos)
                token_ = handle.reply.substr(at, handle.reply.find('"', at) - at);
        }
        return token_;
    }

private:
    std::mutex mutex_;
    std::string url_, token_;
};

bool is_connection_failure(CURLcode code) {
    return code == CURLE_COULDNT_CONNECT || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
        code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE;
}
bool is_passing_status(long status) {
    return status == 429 || (status >= 500 && status <= 504 && status != 501);
}

class Worker {
public:
    Worker(const Settings& settings, const std::string& url, Token& token, Diary& diary)
        : settings_(settings), url_(url), token_source_(token), diary_(diary) {}

    void run() {
        token_ = token_source_.get(handle_, {});
        std::uint32_t call = 0;
        while ((call = diary_.begin_call()) != settings_.calls) {
            make(call);
            const unsigned pause = diary_.pause_after(call);
            if (pause != 0) std::this_thread::sleep_for(std::chrono::microseconds{pause});
        }
    }

private:
    void make(std::uint32_t call) {
        const auto begun = Clock::now();
        const auto end = begun + settings_.deadline;
        const long long id = static_cast<long long>(call) + 1;
        const std::string body = R"({"jsonrpc":"2.0","method":"ledger.add","id":)" +
            std::to_string(id) + R"(,"params":{"nonce":)" + std::to_string(call) + "}}";
        CURLcode code = CURLE_OK;
        bool renewed = false;
        unsigned attempts = 0;
        while (true) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
            if (left.count() <= 0) break;
            code = handle_.post(url_, body, token_, left);
            ++attempts;
            if (code == CURLE_OK && handle_.status == 401 && !renewed) {
                renewed = true;
                const std::string rejected = std::exchange(token_, {});
                token_ = token_source_.get(handle_, rejected);
                continue;
            }
            const bool again = is_connection_failure(code) ||
                (code == CURLE_OK && is_passing_status(handle_.status));
            if (!again || attempts >= settings_.attempts) break;
            std::this_thread::sleep_for(std::chrono::milliseconds{5 * attempts});
        }
        note(call, begun, code, attempts, id);
    }

    /// What the application can tell: a connection that could not be made carried nothing.
    void note(
        std::uint32_t call,
        Clock::time_point begun,
        CURLcode code,
        unsigned attempts,
        long long id) {
        if (code != CURLE_OK) {
            const bool unsent = code == CURLE_COULDNT_CONNECT;
            return diary_.end_call(
                call,
                begun,
                unsent ? Told::unsent : Told::unknown,
                curl_easy_strerror(code),
                false,
                attempts);
        }
        const bool success = handle_.status == 200 && number(handle_.reply, "\"id\":") == id;
        if (success) {
            const bool crossed = number(handle_.reply, "\"nonce\":") != call;
            return diary_.end_call(call, begun, Told::success, "success", crossed, attempts);
        }
        const std::string kind = handle_.status == 200 ? "wrong id or no JSON"
                                                       : "status " + std::to_string(handle_.status);
        diary_.end_call(call, begun, Told::answered, kind, false, attempts);
    }

    const Settings& settings_;
    const std::string& url_;
    Token& token_source_;
    Diary& diary_;
    Handle handle_;
    std::string token_;
};

}  // namespace

bool has_curl() noexcept { return true; }

void run_curl(const Settings& settings, Ledger& ledger, Diary& diary) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    {
        const std::string url = "http://127.0.0.1:" + std::to_string(ledger.proxy_port) + "/rpc";
        Token token{"http://127.0.0.1:" + std::to_string(ledger.server_port) + "/token"};
        std::vector<std::thread> pool;
        for (unsigned i = 0; i != settings.concurrency; ++i) {
            pool.emplace_back([&] { Worker{settings, url, token, diary}.run(); });
        }
        diary.wait();
        for (std::thread& thread : pool)
            thread.join();
    }
    curl_global_cleanup();
}

}  // namespace campaign

#else

namespace campaign {

bool has_curl() noexcept { return false; }
void run_curl(const Settings&, Ledger&, Diary&) {}

}  // namespace campaign

#endif
