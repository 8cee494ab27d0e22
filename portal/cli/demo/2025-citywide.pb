META
key;value
description;Fictional participatory budget, citywide
country;Poland
unit;Budżet Obywatelski
instance;2025
num_projects;8
num_votes;250
budget;4200000
vote_type;ordinal
rule;greedy
date_begin;14.06.2025
date_end;28.06.2025
min_length;3
max_length;3
language;pl
currency;PLN
PROJECTS
project_id;cost;votes;score;name;category;latitude;longitude
1;980000;130;274;Zielone przystanki – rozchodniki na stu wiatach;environment,greenery;50.0546;19.9325
2;1450000;135;262;Nocny bus do każdej dzielnicy;mobility;50.0600;19.9254
3;360000;91;183;Kino plenerowe w dwunastu parkach;culture;50.0639;19.9378
4;240000;71;152;Szkoła pierwszej pomocy dla tysiąca rodzin;health,education;50.0605;19.9497
5;1100000;106;221;Tężnia solankowa nad Zalewem;health,greenery;50.0639;19.9517
6;1650000;100;198;Ścieżka rowerowa wzdłuż Białuchy;mobility,sport;50.0667;19.9220
7;310000;68;119;Ławki z oparciem na Plantach;accessibility;50.0606;19.9367
8;520000;49;91;Pracownia naprawy rowerów i sprzętów;community,environment;50.0601;19.9545
VOTES
voter_id;vote;voting_method;district
0115;5,6,8;internet;Podgórze
0165;5,3,6;paper;Podgórze
0058;4,3,7;internet;Zwierzyniec
0156;4,2,1;internet;Podgórze
0108;1,7,5;internet;Podgórze
0044;1,7,6;internet;Zwierzyniec
0111;1,3,7;internet;Podgórze
0089;3,1,4;internet;Podgórze
0162;6,5,1;internet;Podgórze
0136;2,4,8;internet;Podgórze
0216;3,5,8;paper;Nowa Huta
0001;3,5,1;internet;Zwierzyniec
0071;5,2,6;internet;Podgórze
0202;4,2,5;internet;Nowa Huta
0197;2,3,1;internet;Nowa Huta
0212;3,7,5;internet;Nowa Huta
0178;3,1,6;paper;Nowa Huta
0211;3,5,2;internet;Nowa Huta
0248;2,1,5;internet;Nowa Huta
0185;1,3,2;internet;Nowa Huta
0220;5,6,7;internet;Nowa Huta
0049;4,2,6;internet;Zwierzyniec
0230;2,3,8;internet;Nowa Huta
0010;1,3,6;paper;Zwierzyniec
0072;5,2,3;internet;Podgórze
0004;7,1,3;paper;Zwierzyniec
0047;4,6,2;internet;Zwierzyniec
0196;5,7,1;internet;Nowa Huta
0060;6,1,7;internet;Zwierzyniec
0181;1,6,7;internet;Nowa Huta
0109;8,7,2;internet;Podgórze
0105;2,7,6;internet;Podgórze
0179;1,2,3;paper;Nowa Huta
0093;2,1,6;internet;Podgórze
0241;1,2,7;internet;Nowa Huta
0126;2,4,1;internet;Podgórze
0135;2,5,3;internet;Podgórze
0144;1,3,6;internet;Podgórze
0101;2,4,1;internet;Podgórze
0034;7,1,6;internet;Zwierzyniec
0246;6,2,3;internet;Nowa Huta
0069;5,2,1;internet;Zwierzyniec
0099;6,4,2;paper;Podgórze
0226;2,3,1;internet;Nowa Huta
0023;1,6,3;internet;Zwierzyniec
0121;5,2,6;internet;Podgórze
0124;3,5,7;internet;Podgórze
0149;1,5,2;internet;Podgórze
0062;4,8,1;internet;Zwierzyniec
0007;1,2,6;internet;Zwierzyniec
0224;8,7,6;internet;Nowa Huta
0127;3,7,8;internet;Podgórze
0240;1,3,4;internet;Nowa Huta
0160;1,7,6;internet;Podgórze
0020;3,6,5;internet;Zwierzyniec
0131;6,1,2;internet;Podgórze
0042;5,1,7;internet;Zwierzyniec
0052;6,2,3;internet;Zwierzyniec
0174;6,7,1;internet;Nowa Huta
0088;8,3,1;internet;Podgórze
0059;7,8,1;internet;Zwierzyniec
0018;5,8,1;internet;Zwierzyniec
0139;4,2,5;paper;Podgórze
0006;1,2,4;internet;Zwierzyniec
0183;1,6,3;internet;Nowa Huta
0070;8,7,1;internet;Zwierzyniec
0129;1,2,6;internet;Podgórze
0153;4,1,6;internet;Podgórze
0073;3,7,2;internet;Podgórze
0085;4,7,2;internet;Podgórze
0201;5,2,6;internet;Nowa Huta
0114;1,6,5;internet;Podgórze
0203;5,4,2;internet;Nowa Huta
0207;5,6,2;internet;Nowa Huta
0134;1,6,4;internet;Podgórze
0210;3,1,8;internet;Nowa Huta
0239;5,6,3;internet;Nowa Huta
0012;3,6,7;internet;Zwierzyniec
0074;2,1,7;internet;Podgórze
0068;7,8,6;internet;Zwierzyniec
0077;8,5,2;internet;Podgórze
0104;5,6,3;paper;Podgórze
0142;3,1,8;internet;Podgórze
0132;1,6,2;paper;Podgórze
0155;4,2,1;internet;Podgórze
0038;8,1,2;internet;Zwierzyniec
0113;6,2,1;internet;Podgórze
0100;6,1,5;internet;Podgórze
0234;6,5,3;paper;Nowa Huta
0061;1,5,4;internet;Zwierzyniec
0103;1,2,7;internet;Podgórze
0140;1,4,2;internet;Podgórze
0213;1,2,5;internet;Nowa Huta
0054;2,4,1;internet;Zwierzyniec
0187;1,3,7;internet;Nowa Huta
0015;7,2,1;paper;Zwierzyniec
0147;2,1,7;internet;Podgórze
0228;3,1,8;paper;Nowa Huta
0176;6,8,3;internet;Nowa Huta
0225;2,1,5;internet;Nowa Huta
0092;4,1,2;internet;Podgórze
0158;1,8,4;internet;Podgórze
0175;2,3,1;internet;Nowa Huta
0008;6,1,2;paper;Zwierzyniec
0170;3,2,1;internet;Nowa Huta
0208;5,1,2;internet;Nowa Huta
0076;6,5,1;internet;Podgórze
0110;5,2,3;internet;Podgórze
0022;1,2,6;internet;Zwierzyniec
0235;6,8,5;internet;Nowa Huta
0192;5,1,2;paper;Nowa Huta
0097;7,1,5;internet;Podgórze
0098;1,5,7;internet;Podgórze
0214;2,5,1;internet;Nowa Huta
0016;5,4,2;internet;Zwierzyniec
0063;7,6,5;internet;Zwierzyniec
0051;6,2,7;internet;Zwierzyniec
0123;3,2,5;internet;Podgórze
0215;7,6,2;paper;Nowa Huta
0204;8,5,4;paper;Nowa Huta
0066;6,4,1;internet;Zwierzyniec
0096;5,6,2;paper;Podgórze
0024;6,1,7;internet;Zwierzyniec
0200;1,5,3;paper;Nowa Huta
0028;6,3,7;internet;Zwierzyniec
0118;2,4,3;internet;Podgórze
0166;3,1,8;paper;Nowa Huta
0037;2,7,6;internet;Zwierzyniec
0026;6,2,7;internet;Zwierzyniec
0154;2,8,1;paper;Podgórze
0233;1,5,3;internet;Nowa Huta
0048;1,6,5;internet;Zwierzyniec
0119;5,6,4;internet;Podgórze
0032;6,2,5;internet;Zwierzyniec
0167;4,5,2;internet;Nowa Huta
0188;1,4,2;internet;Nowa Huta
0065;3,2,5;paper;Zwierzyniec
0086;5,6,2;internet;Podgórze
0091;6,8,5;paper;Podgórze
0217;5,6,4;internet;Nowa Huta
0137;2,8,4;internet;Podgórze
0151;2,5,6;internet;Podgórze
0227;1,4,5;internet;Nowa Huta
0011;1,2,7;internet;Zwierzyniec
0243;2,7,6;paper;Nowa Huta
0182;2,1,7;internet;Nowa Huta
0250;5,1,4;paper;Nowa Huta
0133;5,3,6;internet;Podgórze
0117;5,2,6;internet;Podgórze
0002;3,2,8;internet;Zwierzyniec
0191;2,5,6;internet;Nowa Huta
0082;5,4,3;paper;Podgórze
0075;5,2,1;internet;Podgórze
0080;4,5,8;internet;Podgórze
0021;1,3,2;internet;Zwierzyniec
0067;6,2,4;internet;Zwierzyniec
0245;1,5,3;paper;Nowa Huta
0005;2,6,1;paper;Zwierzyniec
0152;4,7,1;internet;Podgórze
0027;4,2,7;internet;Zwierzyniec
0186;6,2,5;internet;Nowa Huta
0237;1,6,2;internet;Nowa Huta
0161;6,8,5;internet;Podgórze
0172;5,6,2;internet;Nowa Huta
0045;4,5,3;internet;Zwierzyniec
0090;1,6,5;paper;Podgórze
0190;5,4,3;internet;Nowa Huta
0219;2,4,3;paper;Nowa Huta
0116;3,5,6;internet;Podgórze
0223;5,1,4;internet;Nowa Huta
0102;3,1,2;internet;Podgórze
0030;1,6,2;internet;Zwierzyniec
0189;8,1,5;internet;Nowa Huta
0157;1,2,3;internet;Podgórze
0198;5,2,3;internet;Nowa Huta
0106;8,2,4;internet;Podgórze
0130;1,3,4;internet;Podgórze
0122;6,7,3;internet;Podgórze
0222;2,4,7;internet;Nowa Huta
0205;1,5,8;internet;Nowa Huta
0180;2,3,1;internet;Nowa Huta
0145;5,7,2;internet;Podgórze
0244;4,3,6;internet;Nowa Huta
0168;5,6,2;internet;Nowa Huta
0206;5,4,2;internet;Nowa Huta
0087;3,4,2;paper;Podgórze
0013;2,3,6;paper;Zwierzyniec
0209;4,1,3;paper;Nowa Huta
0194;1,3,7;internet;Nowa Huta
0031;1,3,6;paper;Zwierzyniec
0035;6,4,1;internet;Zwierzyniec
0171;2,5,4;paper;Nowa Huta
0046;4,7,8;internet;Zwierzyniec
0221;3,6,2;internet;Nowa Huta
0009;3,7,1;internet;Zwierzyniec
0112;1,3,5;internet;Podgórze
0095;8,5,1;internet;Podgórze
0120;5,2,1;paper;Podgórze
0146;4,2,7;paper;Podgórze
0041;1,4,7;internet;Zwierzyniec
0164;8,5,7;internet;Podgórze
0218;4,6,2;internet;Nowa Huta
0079;2,3,6;internet;Podgórze
0056;2,3,7;paper;Zwierzyniec
0138;2,7,8;internet;Podgórze
0078;5,6,1;internet;Podgórze
0057;6,1,5;internet;Zwierzyniec
0238;1,4,6;internet;Nowa Huta
0050;2,4,3;internet;Zwierzyniec
0229;4,5,2;internet;Nowa Huta
0084;3,2,8;internet;Podgórze
0043;1,2,8;internet;Zwierzyniec
0064;1,5,2;internet;Zwierzyniec
0128;5,7,2;internet;Podgórze
0107;1,7,6;internet;Podgórze
0184;3,2,8;internet;Nowa Huta
0148;6,2,8;internet;Podgórze
0081;2,1,6;internet;Podgórze
0033;6,5,8;internet;Zwierzyniec
0094;3,5,2;internet;Podgórze
0163;3,7,4;internet;Podgórze
0232;2,4,5;internet;Nowa Huta
0083;2,3,6;internet;Podgórze
0199;7,4,5;internet;Nowa Huta
0017;4,1,3;internet;Zwierzyniec
0029;8,5,2;internet;Zwierzyniec
0173;4,6,2;internet;Nowa Huta
0242;8,2,5;internet;Nowa Huta
0143;3,8,1;paper;Podgórze
0169;3,2,7;internet;Nowa Huta
0193;7,4,3;internet;Nowa Huta
0053;1,5,3;internet;Zwierzyniec
0014;7,5,2;paper;Zwierzyniec
0141;4,6,1;internet;Podgórze
0025;4,2,7;internet;Zwierzyniec
0039;3,2,1;internet;Zwierzyniec
0150;2,6,1;internet;Podgórze
0159;3,8,5;internet;Podgórze
0231;4,1,7;internet;Nowa Huta
0195;7,4,2;internet;Nowa Huta
0125;6,8,1;internet;Podgórze
0040;1,4,3;internet;Zwierzyniec
0055;6,1,3;internet;Zwierzyniec
0247;6,3,2;paper;Nowa Huta
0003;5,3,2;internet;Zwierzyniec
0177;8,5,2;internet;Nowa Huta
0036;1,6,5;internet;Zwierzyniec
0236;7,1,5;internet;Nowa Huta
0019;2,7,8;internet;Zwierzyniec
0249;5,1,8;internet;Nowa Huta
