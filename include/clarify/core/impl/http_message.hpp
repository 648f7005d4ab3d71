// SPDX-License-Identifier: BSL-1.0
// How a response is forgotten.

#ifndef CLARIFY_CORE_IMPL_HTTP_MESSAGE_HPP
#define CLARIFY_CORE_IMPL_HTTP_MESSAGE_HPP

#include <clarify/core/http_message.hpp>

#include <string>

namespace clarify {

CLARIFY_DECL void HttpResponse::clear() {
    lease.discard();
    status = 0;
    early = false;
    for (std::string* text :
         {&body, &content_type, &date, &location, &retry_after, &traceparent, &www_authenticate}) {
        text->clear();
    }
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_HTTP_MESSAGE_HPP
