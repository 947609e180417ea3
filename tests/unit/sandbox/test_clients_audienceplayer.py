# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AudiencePlayer's own clients send: the PHP client with its default selections, and the WordPress plugin."""

from __future__ import annotations

import pytest

CLIENT = 'project_id:111,client_id:"222",client_secret:"user-scope-secret"'
IMAGES = "images{url,base_url,base_path,file_name,file_path,aspect_ratio_profile}"
METAS = "metas(output:html){key,value}"
#: The queries of the PHP client, as it writes them. Those of a user need a token.
OF_ANYBODY = [
    f'ClientPayloadVerify({CLIENT},payload:"signed"){{payload,status}}',
    "Config(platform_context:web,operator_context:web){project_id,platform {chromecast_receiver_app_id},language_tags{key,value}}",
    f"ClientUser({CLIENT},id:1001){{id,name,email}}",
    f'ClientUser({CLIENT},email:"alice@example.com"){{id,name,email}}',
    f"Article(id:9001){{id,name,type,{METAS},categories{{id,parent_id,{METAS}}},{IMAGES},assets{{id,linked_type}}}}",
    f'Article(url_slug:"film"){{id,name,type,{METAS},categories{{id,parent_id,{METAS}}},{IMAGES},assets{{id,linked_type}}}}',
    f"ArticleList(category_id:8001,types:[film]){{items{{id,name,type,{METAS},categories{{id,parent_id,{METAS}}},{IMAGES},assets{{id,linked_type}},"
    "products{id,title,call_to_action_tag,price,currency,currency_symbol,expires_in,expires_at}}}",
    f"Category(id:8001){{id,name,type,{METAS},{IMAGES}}}",
    f'Category(url_slug:"films"){{id,name,type,{METAS},{IMAGES}}}',
    f"CategoryList{{items{{id,name,type,{METAS}{IMAGES}}}}}",
    f"Subscription(id:555){{id,name,type,title,description,description_short,price,currency,currency_symbol,{IMAGES}}}",
    "SubscriptionList(payment_provider_ids:[1]){items{id,title,description,description_short,price,price_per_installment,time_unit,"
    f"time_unit_translation,frequency,currency,currency_symbol,{IMAGES}}}}}",
    'SubscriptionList(payment_provider_ids:[1],limit:10,offset:0,sort_by:[{field:"title",direction:asc}])'
    "{pagination{limit,offset,count,total_count,page_count,page_current},items{id,title}}",
    f"Product(id:444){{id,name,type,title,description,description_short,call_to_action_tag,price,currency,currency_symbol,{IMAGES}}}",
    "ProductList(payment_provider_ids:[1]){items{id,type,title,description,description_short,call_to_action_tag,price,currency,currency_symbol,"
    f"expires_in,expires_at,{IMAGES}}}}}",
    "Page(id:7){id,name,full_url_slug,type,title,components { id title content url value elements { id title content url value "
    f"{IMAGES} {IMAGES.replace('images', 'posters')} }} {IMAGES} {IMAGES.replace('images', 'posters')} }}}}",
]
OF_A_USER = [
    "UserDetails{id,email,name}",
    "UserSubscriptionList{items{id,subscription_id,suspended_at,suspendable_at,invoiced_at,acquired_at,expires_at,status,status_name,"
    "is_valid,is_expired,is_suspendable,is_account_method_changeable}}",
    "UserProductList{items{id,product_id,is_fulfilled,fulfilment_expires_at}}",
    "DeviceList{items{id,name,uuid,,created_at}}",
    # The account page and the script of the WordPress plugin.
    "UserDetails{ id phone notifiable is_phone_verified user_subscriptions { id status subscription_id switch_to_subscription_id suspendable_at "
    "expires_at invoiced_at is_valid is_suspendable is_account_method_changeable is_switchable subscription {id title description_short} "
    "account {id method method_details} } orders {id description currency_symbol amount status status_name installed_at} , }",
    "UserDetails{id,nomadic_articles{id,appr},history_articles{id,appr},entitled_articles{id},user_subscriptions{id,subscription_id,is_valid}}",
    'PaymentArgumentsValidate(voucher_code:"SANDBOX",subscription_id:555,is_solo_validation:false)'
    "{voucher_validity,voucher_description,total_price_after,currency,currency_symbol}",
]
BUY = "{status,price,title,description_short,payment_url,user_payment_account_order_id}"
#: The fields that the WordPress plugin synchronizes.
PROFILE = ("address", "birthday", "city", "country", "gender", "height", "name", "phone", "postal_code", "weight")


def data(answer):
    body = answer.json()
    assert "errors" not in body, body
    [(_name, value)] = body["data"].items()
    return value


@pytest.fixture
def user(box):
    """Send an operation with the token of a user without entitlements."""
    token = box.user_token(1001)
    return lambda operation: box.graphql(operation, token)


def codes(answer):
    return [error["code"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("operation", OF_ANYBODY)
def test_queries_without_a_user(box, operation):
    assert data(box.graphql(f"query{{{operation}}}"))


@pytest.mark.parametrize("operation", OF_A_USER)
def test_queries_of_a_user(box, user, operation):
    assert data(user(f"query{{{operation}}}"))
    assert codes(box.graphql(f"query{{{operation}}}")) == [401]


def test_titles_lead_to_ids(box):
    products = data(box.graphql("query{ProductList(payment_provider_ids:[1]){items{id,title,expires_in}}}"))
    subscriptions = data(
        box.graphql('query{SubscriptionList(payment_provider_ids:[1],search:"year"){items{id,title}}}')
    )
    assert products == {
        "items": [
            {"id": 444, "title": "Film", "expires_in": None},
            {"id": 445, "title": "Rental", "expires_in": 2592000},
        ]
    }
    assert subscriptions == {"items": [{"id": 556, "title": "Yearly"}]}


@pytest.mark.parametrize(
    "operation", ["Product(id:1){id}", "Subscription(id:1){id}", "Page(id:1){id}", "Article(id:1){id}"]
)
def test_what_the_catalog_lacks_is_not_found(box, operation):
    assert codes(box.graphql(f"query{{{operation}}}")) == [404]


def test_the_wordpress_plugin_synchronizes_a_profile(box):
    changes = (
        'address:"Street 1",birthday:"1990-01-31",city:"Town",country:"NL",gender:non_binary,height:1.8,name:"Alice A",'
        'phone:"+31201234567",postal_code:"1234 AB",weight:70.5,is_newsletter_opt_in:true'
    )
    assert data(box.graphql(f"mutation{{ClientUserUpdate({CLIENT},id:1001,{changes}){{id,email}}}}")) == {
        "id": 1001,
        "email": "alice@example.com",
    }
    shown = data(box.graphql(f"query{{ClientUser({CLIENT},id:1001){{{','.join(PROFILE)},is_newsletter_opt_in}}}}"))
    assert shown == {
        "address": "Street 1",
        "birthday": "1990-01-31",
        "city": "Town",
        "country": "NL",
        "gender": "non_binary",
        "height": 1.8,
        "name": "Alice A",
        "phone": "+31201234567",
        "postal_code": "1234 AB",
        "weight": 70.5,
        "is_newsletter_opt_in": True,
    }
    details = data(box.graphql("query{UserDetails{gender,height,city}}", box.user_token(1001)))
    assert details == {"gender": "non_binary", "height": 1.8, "city": "Town"}


@pytest.mark.parametrize("change", ['gender:"male"', "gender:other", 'height:"tall"', "is_newsletter_opt_in:1"])
def test_arguments_of_another_type_are_rejected(box, change):
    assert 400 in codes(box.graphql(f"mutation{{ClientUserUpdate({CLIENT},id:1001,{change}){{id}}}}"))


def test_the_wordpress_plugin_changes_a_password_and_an_address(box):
    data(
        box.graphql(
            f'mutation{{ClientUserUpdate({CLIENT},id:1001,email:"a@example.com",password:"new-password"){{id,email}}}}'
        )
    )
    login = 'mutation{UserAuthenticate(email:"a@example.com",password:"new-password"){access_token,user_id}}'
    assert data(box.graphql(login))["user_id"] == 1001
    taken = f'mutation{{ClientUserUpdate({CLIENT},id:1001,email:"bob@example.com"){{id}}}}'
    assert codes(box.graphql(taken)) == [409]


def test_a_token_by_id_with_the_address_and_then_by_address(box):
    fields = "{access_token,user_id,user_email,expires_in}"
    by_id = f'mutation{{ClientUserAuthenticate({CLIENT},user_id:77,user_email:"new@example.com"){fields}}}'
    assert codes(box.graphql(by_id)) == [404]
    by_address = (
        f'mutation{{ClientUserAuthenticate({CLIENT},user_email:"new@example.com",auto_register:true,user_password:"pass-word",'
        f'user_locale:"nl",user_name:"New"){fields}}}'
    )
    assert data(box.graphql(by_address))["user_email"] == "new@example.com"


def test_users_change_their_details(user):
    changed = data(user('mutation{UserDetailsUpdate(phone:"+31201234567",notifiable:sms){id,phone,notifiable}}'))
    assert changed == {"id": 1001, "phone": "+31201234567", "notifiable": "sms"}
    assert data(user("mutation{UserDetailsPhoneVerifyRequest}")) is True
    assert codes(user('mutation{UserDetailsPhoneVerifyValidate(code:"000000")}')) == [400]
    assert data(user('mutation{resultVerify:UserDetailsPhoneVerifyValidate(code:"123456")}')) is True
    assert data(user("query{UserDetails{is_phone_verified,notifiable}}")) == {
        "is_phone_verified": True,
        "notifiable": "sms",
    }


def test_devices_are_paired(user):
    claim = 'mutation{UserDevicePairingClaim(pairing_code:"%s"){id,name,uuid,created_at}}'
    assert codes(user(claim % "WRONG1")) == [404]
    device = data(user(claim % "ABC123"))
    assert [item["id"] for item in data(user("query{DeviceList{items{id}}}"))["items"]] == [device["id"]]
    assert data(user(f"mutation{{UserDevicePairingDelete(device_id:{device['id']})}}")) is True
    assert data(user("query{DeviceList{items{id}}}")) == {"items": []}
    assert codes(user(f"mutation{{UserDevicePairingDelete(device_id:{device['id']})}}")) == [404]


def test_a_purchase_entitles_once_the_order_is_paid(box, user):
    play = f"mutation{{ClientUserArticleAssetPlay({CLIENT},user_id:1001,article_id:9001,asset_id:9101)"
    play += (
        "{appa,appr,duration,aspect_ratio,time_marker_end,time_marker_intro_end,time_marker_intro_start,pulse_token,"
    )
    play += "subtitles {id,url,locale,locale_label},entitlements {mime_type,manifest,expires_in,token}}}"
    buy = f"mutation{{UserProductAcquire(payment_provider_id:1,product_stack:[{{id:444,purchase_num:1}}]){BUY}}}"
    assert codes(box.graphql(play)) == [402]
    order = data(user(buy))
    assert (order["status"], order["price"], order["title"]) == ("pending", 9.99, "Film")
    assert box.held() == ([], [])
    for _twice in range(2):
        assert (
            data(user(f"mutation{{UserPaymentAccountOrderValidate(id:{order['user_payment_account_order_id']})}}"))
            is True
        )
    assert [item["product_id"] for item in box.held()[0]] == [444]
    assert data(user("query{UserDetails{orders{status,status_name,amount},entitled_articles{id}}}")) == {
        "orders": [{"status": "paid", "status_name": "Paid", "amount": 9.99}],
        "entitled_articles": [{"id": 9001}],
    }
    assert data(box.graphql(play))["entitlements"]
    assert codes(user(buy)) == [3800]


def test_a_subscription_is_bought_suspended_and_switched(box, user):
    buy = f"mutation{{UserSubscriptionAcquire(payment_provider_id:1,subscription_id:555){BUY}}}"
    number = data(user(buy))["user_payment_account_order_id"]
    assert data(user(f"mutation{{UserPaymentAccountOrderValidate(id:{number})}}")) is True
    assert codes(user(buy)) == [3201]
    [held] = box.held()[1]
    assert data(user(f"mutation{{UserSubscriptionSuspend(id:{held['id']})}}")) is True
    assert box.held()[1][0]["status"] == "suspended"
    assert data(user(f"mutation{{UserSubscriptionUnSuspend(id:{held['id']})}}")) is True
    assert box.held()[1][0]["status"] == "active"
    assert data(user(f"mutation{{UserSubscriptionSwitch(id:{held['id']},switch_to_subscription_id:556)}}")) is True
    switched = data(user("query{UserDetails{user_subscriptions{switch_to_subscription_id}}}"))
    assert switched == {"user_subscriptions": [{"switch_to_subscription_id": 556}]}


def test_vouchers(box, user):
    redeem = f'mutation{{UserPaymentVoucherRedeem(code:"%s",payment_provider_id:1){BUY}}}'
    assert codes(user(redeem % "WRONG")) == [3600]
    order = data(user(redeem % "SANDBOX"))
    assert (order["status"], order["price"], order["payment_url"]) == ("paid", 0.0, None)
    assert [item["product_id"] for item in box.held()[0]] == [444]
