// SPDX-License-Identifier: BSL-1.0
// Those who send to the gateway, and remember what it has acknowledged.

#ifndef CLARIFY_TESTS_CAMPAIGN_GATEWAY_SENDERS_HPP
#define CLARIFY_TESTS_CAMPAIGN_GATEWAY_SENDERS_HPP

#include "../cli/gateway_sender.hpp"
#include "gateway_book.hpp"
#include "gateway_service.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gateway_campaign {

/// Where the gateway listens; 0: nowhere.
using Port = std::atomic<std::uint16_t>;

/// Sends the samples of some inputs, row by row, and other values for some of them later.
class PostingSender {
public:
    PostingSender(Book& book, Service& service, const Port& port, std::uint32_t number)
        : book_(book),
          service_(service),
          port_(port),
          number_(number),
          random_(draw(book.settings.seed, Draw::sender, number)) {}

    void run() {
        const std::uint32_t posts = book_.settings.samples / senders / post_size;
        const std::chrono::duration<double> span{0.9 * book_.settings.seconds};
        const SteadyTime start = std::chrono::steady_clock::now();
        for (std::uint32_t i = 0; i != posts; ++i) {
            // Few at first, when there is hardly a backlog; twice as many as on average in the end.
            const auto due =
                std::chrono::duration_cast<Ms>(span * std::sqrt(double{1} * i / posts));
            std::this_thread::sleep_until(start + due);
            Post post = block(i);
            deliver(post);
            if (i == 0 || random_.below(2) != 0) continue;
            Post again = some_of(block(block_to_rewrite(i)));
            book_.rewritten += again.size;
            deliver(again);
        }
    }

private:
    struct Place {
        bool is_sent = false;
        /// Is the value before that one in the same post?
        bool is_double = false;
        Version version = 0;
    };
    struct Post {
        std::uint32_t first_row = 0;
        std::uint32_t size = 0;
        std::array<Place, post_size> places{};
    };
    enum class Outcome : std::uint8_t { acknowledged, refused, lost };

    /// One of the first `count`.
    std::uint32_t block_to_rewrite(std::uint32_t count) {
        // Where the service has something to execute yet, another value must not be written over by that.
        const std::optional<std::uint32_t> sample = service_.some_late(random_);
        if (sample && *sample / inputs / rows_of_post < count)
            return *sample / inputs / rows_of_post;
        // These wait, or are on their way, or are stored.
        const std::uint32_t most = random_.below(2) == 0 ? count : std::min(count, 40U);
        return count - 1 - static_cast<std::uint32_t>(random_.below(most));
    }

    static Post block(std::uint32_t number) {
        Post post;
        post.first_row = number * rows_of_post;
        post.size = post_size;
        for (Place& place : post.places)
            place.is_sent = true;
        return post;
    }
    Post some_of(Post post) {
        const std::uint64_t share = 1 + random_.below(8);
        post.size = 0;
        for (Place& place : post.places) {
            place.is_sent = random_.below(8) < share;
            post.size += place.is_sent ? 1 : 0;
        }
        return post;
    }

    std::uint32_t sample_at(const Post& post, std::size_t place) const {
        const auto at = static_cast<std::uint32_t>(place);
        return (post.first_row + at / inputs_of_sender) * inputs + number_ * inputs_of_sender +
            at % inputs_of_sender;
    }

    /// Gives each sample its next value.
    void number(Post& post, bool has_doubles) {
        for (std::size_t i = 0; i != post_size; ++i) {
            Place& place = post.places[i];
            if (!place.is_sent) continue;
            Entry& entry = book_.entries[sample_at(post, i)];
            place.is_double = has_doubles && random_.below(16) == 0;
            if (entry.sent < last_version - 2) entry.sent += place.is_double ? 2 : 1;
            place.version = entry.sent;
            place.is_double = place.is_double && place.version > 1;
        }
    }

    /// Until it is acknowledged, or it is not known whether it was taken and that is left so.
    void deliver(Post& post) {
        if (post.size == 0) return;
        const bool as_rows = random_.below(8) == 0;
        const bool waits = random_.below(40) == 0;
        number(post, as_rows);
        for (;;) {
            switch (send(post, as_rows, waits)) {
                case Outcome::acknowledged:
                    return;
                case Outcome::refused:
                    ++book_.refused;
                    std::this_thread::sleep_for(Ms{300});
                    break;
                case Outcome::lost:
                    ++book_.lost;
                    if (random_.below(8) == 0) {
                        ++book_.abandoned;
                        return;
                    }
                    // The same once more, or something newer.
                    if (random_.below(2) == 0) number(post, as_rows);
                    break;
            }
        }
    }

    Outcome send(const Post& post, bool as_rows, bool waits) {
        const std::string document = as_rows ? rows_of(post) : frame_of(post);
        bool hangs = false;
        try {
            gateway_test::Sender& connection = connected();
            connection.write_samples(document, waits ? "/samples?wait=stored" : "/samples");
            hangs = !connection.readable_within(gateway_test::patience);
            if (!hangs) return heed(connection.read(), post, waits);
        } catch (const boost::system::system_error&) {  // it was killed
            connection_.reset();
        }
        if (hangs) throw std::runtime_error{"the gateway does not answer"};
        return Outcome::lost;
    }

    gateway_test::Sender& connected() {
        const SteadyTime limit = std::chrono::steady_clock::now() + gateway_test::patience;
        while (!connection_) {
            if (std::chrono::steady_clock::now() > limit)
                throw std::runtime_error{"there is no gateway"};
            try {
                if (const std::uint16_t port = port_) connection_.emplace(port);
            } catch (const boost::system::system_error&) {
                connection_.reset();
            }
            if (!connection_) std::this_thread::sleep_for(Ms{5});
        }
        return *connection_;
    }

    Outcome heed(const gateway_test::Response& response, const Post& post, bool waits) {
        ++book_.posts;
        const unsigned status = response.result_int();
        if (status == 429 || status == 503) return Outcome::refused;
        std::size_t count = post.size;
        bool has_bad = false;
        for (std::size_t i = 0; i != post_size; ++i) {
            const Place& place = post.places[i];
            if (!place.is_sent) continue;
            if (place.is_double) ++count;
            // An earlier value may be rejected meanwhile, of which it is told as well.
            has_bad = has_bad || book_.has_bad_value(sample_at(post, i), 1, place.version);
        }
        std::string expected = R"({"accepted":)" + std::to_string(count) + R"(,"durable":true)";
        if (waits) expected += status == 200 ? R"(,"stored":true)" : R"(,"stored":false)";
        const bool is_stored = waits && status == 200;
        const bool is_rejected = waits && status == 422 && has_bad;
        const bool is_taken = (status == 202 || is_stored) && response.body() == expected + '}';
        if (is_taken || is_rejected) {
            acknowledge(post);
            if (is_stored) look_up(post);
        } else {
            book_.answered_wrongly(std::to_string(status) + ' ' + response.body());
        }
        return Outcome::acknowledged;
    }
    void acknowledge(const Post& post) {
        for (std::size_t i = 0; i != post_size; ++i) {
            const Place& place = post.places[i];
            if (!place.is_sent) continue;
            book_.entries[sample_at(post, i)].acknowledged = place.version;
        }
    }
    /// Are they there, as the gateway says? Nobody else sends other values for them.
    void look_up(const Post& post) {
        ++book_.waited_for;
        for (std::size_t i = 0; i != post_size; ++i) {
            const Place& place = post.places[i];
            if (place.is_sent && service_.stored(sample_at(post, i)) != place.version)
                ++book_.not_stored;
        }
    }

    std::string value_text(std::uint32_t sample, Version version) const {
        return std::to_string(value_of(book_.settings.seed, sample, version));
    }
    std::string frame_of(const Post& post) const {
        std::string out = R"({"times":[)";
        for (std::uint32_t row = 0; row != rows_of_post; ++row) {
            if (row != 0) out += ',';
            out += '"' + time_of(post.first_row + row) + '"';
        }
        out += R"(],"series":{)";
        for (std::uint32_t column = 0; column != inputs_of_sender; ++column) {
            if (column != 0) out += ',';
            out += '"' + key_of(number_ * inputs_of_sender + column) + "\":[";
            for (std::uint32_t row = 0; row != rows_of_post; ++row) {
                if (row != 0) out += ',';
                const std::size_t at = std::size_t{row} * inputs_of_sender + column;
                const Place& place = post.places[at];
                out += place.is_sent ? value_text(sample_at(post, at), place.version) : "null";
            }
            out += ']';
        }
        return out + "}}";
    }
    std::string rows_of(const Post& post) const {
        std::string out = R"({"samples":[)";
        for (std::size_t i = 0; i != post_size; ++i) {
            const Place& place = post.places[i];
            if (!place.is_sent) continue;
            const std::uint32_t sample = sample_at(post, i);
            const std::string start = R"({"input":")" + key_of(sample % inputs) + R"(","time":")" +
                time_of(sample / inputs) + R"(","value":)";
            const auto add = [&](Version version) {
                if (out.back() != '[') out += ',';
                out += start + value_text(sample, version) + '}';
            };
            if (place.is_double) add(static_cast<Version>(place.version - 1));
            add(place.version);
        }
        return out + "]}";
    }

    Book& book_;
    Service& service_;
    const Port& port_;
    std::uint32_t number_;
    support::ChaosRandom random_;
    std::optional<gateway_test::Sender> connection_;
};

/// All of them, each in a thread of its own.
class PostingSenders {
public:
    PostingSenders(Book& book, Service& service, const Port& port) : left_(senders) {
        for (std::uint32_t i = 0; i != senders; ++i) {
            threads_.emplace_back([this, &book, &service, &port, i] {
                try {
                    PostingSender{book, service, port, i}.run();
                } catch (const std::exception& error) {
                    const std::lock_guard lock{mutex_};
                    failure_ = error.what();
                }
                --left_;
            });
        }
    }
    PostingSenders(const PostingSenders&) = delete;
    PostingSenders& operator=(const PostingSenders&) = delete;
    ~PostingSenders() {
        for (std::thread& thread : threads_)
            thread.join();
    }

    /// @throws std::runtime_error if one of them has failed.
    bool are_through() {
        const std::lock_guard lock{mutex_};
        if (!failure_.empty()) throw std::runtime_error{failure_};
        return left_ == 0;
    }

private:
    std::mutex mutex_;
    std::string failure_;
    std::atomic<std::uint32_t> left_;
    std::vector<std::thread> threads_;
};

}  // namespace gateway_campaign

#endif  // CLARIFY_TESTS_CAMPAIGN_GATEWAY_SENDERS_HPP
