// SPDX-License-Identifier: BSL-1.0
// Commands to Redis and its replies, without a connection; on the formatter and the reader of hiredis.

#ifndef CLARIFY_AUTH_DETAIL_REDIS_PROTOCOL_HPP
#define CLARIFY_AUTH_DETAIL_REDIS_PROTOCOL_HPP

#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/// Commands that are sent together. Overwritten in the end, since a password may be among them.
class RedisCommands {
public:
    RedisCommands() = default;
    RedisCommands(RedisCommands&& other) noexcept
        : bytes_(std::move(other.bytes_)), count_(std::exchange(other.count_, 0)) {}
    RedisCommands& operator=(RedisCommands&&) = delete;
    ~RedisCommands() { Secret::wipe(bytes_); }

    /// Throws `std::bad_alloc`.
    void add(const std::vector<std::string_view>& words) {
        std::vector<const char*> starts;
        std::vector<std::size_t> sizes;
        for (const std::string_view word : words) {
            starts.push_back(word.data());
            sizes.push_back(word.size());
        }
        char* made = nullptr;
        const auto size = redisFormatCommandArgv(
            &made, static_cast<int>(words.size()), starts.data(), sizes.data());
        if (size < 0) throw std::bad_alloc{};
        const std::string_view text{made, static_cast<std::size_t>(size)};
        const auto forget = [text](char* which) {
            Secret::wipe(which, text.size());
            redisFreeCommand(which);
        };
        const std::unique_ptr<char, decltype(forget)> owner{made, forget};
        // In one piece, so that growing leaves no copy of a password behind.
        std::string all;
        all.reserve(bytes_.size() + text.size());
        all += bytes_;
        all += text;
        Secret::wipe(bytes_);
        bytes_ = std::move(all);
        ++count_;
    }

    std::string_view bytes() const noexcept { return bytes_; }
    std::size_t count() const noexcept { return count_; }

private:
    std::string bytes_;
    std::size_t count_ = 0;
};

/// What Redis answers to one command.
struct RedisReply {
    enum class Kind : std::uint8_t { nothing, text, number, list, refusal };

    Kind kind = Kind::nothing;
    /// Of a text, and Redis's own words of a refusal.
    std::string text;
    /// Of a number.
    std::int64_t number = 0;
};

inline Error not_redis(const char* why) { return Error{Errc::framing, Reason::none, why}; }

/** Replies, as they arrive.

    All together may have 256 KiB, a list 64 members, and eight lists may be in each other; what is beyond that, or is no reply, is an error
    after which nothing can be read.
*/
class RedisReplies {
public:
    static constexpr std::size_t most_bytes = std::size_t{256} << 10U;

    /// Throws `std::bad_alloc`.
    RedisReplies() : reader_(redisReaderCreate()) {
        if (!reader_) throw std::bad_alloc{};
        static redisReplyObjectFunctions bounded = bounded_functions(*reader_->fn);
        reader_->fn = &bounded;
    }

    /// Takes in what has arrived. Throws `std::bad_alloc`.
    Result<void> take(std::string_view bytes) {
        if (bytes.size() > most_bytes - taken_) {
            return Error{
                Errc::too_large,
                Reason::body,
                "the reply of Redis is larger than " + std::to_string(most_bytes) + " bytes"};
        }
        taken_ += bytes.size();
        if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return broken();
        for (;;) {
            void* raw = nullptr;
            if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return broken();
            if (raw == nullptr) return {};
            const std::unique_ptr<void, Deleter> reply{raw};
            if (!note(*static_cast<const redisReply*>(raw)))
                return not_redis("Redis answers in a form that was not asked for");
        }
    }
    const std::vector<RedisReply>& all() const noexcept { return all_; }
    std::vector<RedisReply> release() noexcept { return std::move(all_); }

private:
    struct Deleter {
        void operator()(redisReader* which) const noexcept { redisReaderFree(which); }
        void operator()(void* which) const noexcept { freeReplyObject(which); }
    };

    /// A reader makes room for as many members as a list says that it has, before one of them is there, and
    /// for lists in lists; some have a limit of their own for the one, others for the other.
    static redisReplyObjectFunctions bounded_functions(const redisReplyObjectFunctions& functions) {
        [[maybe_unused]] static const auto make_array = functions.createArray;
        redisReplyObjectFunctions bounded = functions;
        bounded.createArray = [](const redisReadTask* task, auto size) -> void* {
            constexpr int most = 64;
            constexpr int deepest = 8;
            int depth = 0;
            for (const redisReadTask* outer = task; outer != nullptr; outer = outer->parent)
                ++depth;
            return size > most || depth > deepest ? nullptr : make_array(task, size);
        };
        return bounded;
    }
    static Error broken() { return not_redis("what answers is not Redis, or says too much"); }

    bool note(const redisReply& reply) {
        RedisReply out;
        switch (reply.type) {
            case REDIS_REPLY_NIL:
                break;
            case REDIS_REPLY_INTEGER:
                out.kind = RedisReply::Kind::number;
                out.number = reply.integer;
                break;
            case REDIS_REPLY_ARRAY:
                out.kind = RedisReply::Kind::list;
                break;
            case REDIS_REPLY_STRING:
            case REDIS_REPLY_STATUS:
            case REDIS_REPLY_ERROR:
                out.kind = reply.type == REDIS_REPLY_ERROR ? RedisReply::Kind::refusal
                                                           : RedisReply::Kind::text;
                out.text.assign(reply.str, static_cast<std::size_t>(reply.len));
                break;
            default:
                return false;
        }
        all_.push_back(std::move(out));
        return true;
    }

    std::unique_ptr<redisReader, Deleter> reader_;
    std::size_t taken_ = 0;
    std::vector<RedisReply> all_;
};

/** Why Redis refuses, in our words.

    Nothing of Redis's own is repeated: it may have repeated what it was sent, a password too.
*/
inline Error redis_refusal(std::string_view text) {
    struct Case {
        std::string_view sign;
        Errc code;
        const char* words;
    };
    constexpr Errc wrong = Errc::bad_config;
    static constexpr Case cases[] = {
        {"OOM ", Errc::io, "Redis has no memory left (OOM)"},
        {"NOAUTH", wrong, "Redis asks for a password (NOAUTH), and its URL has none"},
        {"WRONGPASS", wrong, "Redis does not accept the user or the password (WRONGPASS)"},
        {"invalid password", wrong, "Redis does not accept the password"},
        {"AUTH", wrong, "Redis does not want the password of its URL, or has no users"},
        {"NOPERM", wrong, "Redis does not permit the user what a token store does (NOPERM)"},
        {"READONLY", Errc::io, "this Redis is a replica that cannot be written to (READONLY)"},
        {"LOADING", Errc::io, "Redis is still loading its data (LOADING)"},
        {"MASTERDOWN", Errc::io, "Redis has lost its master (MASTERDOWN)"},
        {"CLUSTERDOWN", Errc::io, "the cluster of Redis is down (CLUSTERDOWN)"},
        {"MOVED", wrong, "Redis is a cluster, and the token's place is on another node (MOVED)"},
        {"MISCONF", Errc::io, "Redis cannot save its data, and takes none (MISCONF)"},
        {"protected mode", wrong, "Redis is in protected mode: it takes no connections from here"},
        {"BUSY", Errc::io, "Redis is busy with a script (BUSY)"},
        {"max number of clients", Errc::io, "Redis has as many clients as it takes"},
        {"DB index", wrong, "Redis has no database of this number"},
        {"WRONGTYPE", Errc::io, "Redis has something else where the token should be (WRONGTYPE)"},
        {"unknown command", wrong, "Redis does not know a command; it should be 5.0 or newer"},
    };
    for (const Case& each : cases) {
        if (text.find(each.sign) != std::string_view::npos)
            return Error{each.code, Reason::none, each.words};
    }
    return Error{Errc::io, Reason::none, "Redis refuses a command"};
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_REDIS_PROTOCOL_HPP
